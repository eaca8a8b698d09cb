package dev.outrun.ledger;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outrun.schema.error.ErrorCode;
import dev.outrun.schema.error.OutrunException;
import dev.outrun.schema.event.PlatformEvent;
import dev.outrun.schema.run.RunId;
import dev.outrun.schema.run.RunStatus;
import dev.outrun.schema.run.Tenant;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The ledger's contract about starting runs. */
interface StartContract extends LedgerContract {

    @Test
    default void start_says_what_was_asked_in_event_0() {
        // Given
        ledger().registerHandlers(List.of(HANDLER));
        Instant runAt = Instant.parse("2030-01-02T03:04:05.123456Z");
        RunId id = new RunId(UUID.fromString("00000000-0000-7000-8000-0000000000ff"));
        StartRun start =
                StartRun.with(HANDLER, "{ \"n\": 1.00 }")
                        .id(id)
                        .tenant(new Tenant("acme"))
                        .queue("mail.out")
                        .idempotencyKey("key-1")
                        .runAt(runAt)
                        .retry("{\"max_attempts\": 5}")
                        .priority(7)
                        .concurrencyKey("customer \"1\"")
                        .timeoutMs(60_000L)
                        .attemptTimeoutMs(1_000L)
                        .build();

        // When
        RunId run = ledger().start(start);

        // Then
        assertEquals(id, run);
        assertEquals(
                List.of(
                        "0 0 run.requested {\"handler\":\"echo\",\"queue\":\"mail.out\","
                                + "\"tenant\":\"acme\",\"run_at\":\"2030-01-02T03:04:05.123456Z\","
                                + "\"retry\":{\"max_attempts\": 5},\"priority\":7,"
                                + "\"concurrency_key\":\"customer \\\"1\\\"\","
                                + "\"timeout_ms\":60000,\"attempt_timeout_ms\":1000,"
                                + "\"input\":{ \"n\": 1.00 }}"),
                log(run));
        Run row = ledger().run(run).orElseThrow();
        assertEquals(RunStatus.QUEUED, row.status());
        assertEquals(0, row.attempt());
        assertEquals(1, row.nextSeq());
        assertEquals("{ \"n\": 1.00 }", row.input());
        assertEquals("key-1", row.idempotencyKey());
        assertEquals(runAt, row.runAt());
        assertTrue(row.shard() >= 0 && row.shard() < ledger().shards());
    }

    @Test
    default void event_0_is_read_back_by_its_type() {
        // Given
        RunId run = started();

        // When
        var event = ledger().events(run, 0, 1).getFirst();

        // Then
        assertEquals(
                new PlatformEvent.Requested(
                        HANDLER, "default", "default", null, null, 0, null, null, null, null),
                PlatformEvent.of(event.type(), event.data()));
        assertEquals(event.time(), ledger().run(run).orElseThrow().createdAt());
    }

    @Test
    default void start_with_a_known_idempotency_key_returns_the_run_it_started() {
        // Given
        Tenant tenant = newTenant();
        RunId first = started("key", tenant);

        // When
        RunId second = started("key", tenant);

        // Then
        assertEquals(first, second);
        assertEquals(1, log(first).size());
    }

    @Test
    default void start_with_another_tenants_idempotency_key_starts_a_run() {
        // Given
        RunId first = started("key", newTenant());

        // When
        RunId second = started("key", newTenant());

        // Then
        assertNotEquals(first, second);
    }

    @Test
    default void start_with_an_id_that_exists_is_refused() {
        // Given
        RunId run = started();
        StartRun again = StartRun.with(HANDLER, "1").id(run).build();

        // When, Then
        refuses(ErrorCode.RUN_ID_TAKEN, run, () -> ledger().start(again));
    }

    @Test
    default void start_of_an_unknown_handler_is_refused() {
        refusesStart(ErrorCode.UNKNOWN_HANDLER, StartRun.of("nobody", "{}"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "{", "{'a':1}", "{} {}", "nul", "[1,]"})
    default void start_with_input_that_is_no_json_is_refused(String input) {
        ledger().registerHandlers(List.of(HANDLER));
        refusesStart(ErrorCode.INVALID_JSON, StartRun.of(HANDLER, input));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "1",
                "null",
                "{\"max_attempts\":0}",
                "{\"max_attempts\":1.5}",
                "{\"backoff\":\"cubic\"}",
                "{\"delay_ms\":-1}",
                "{\"delays_ms\":[]}",
                "{\"delays_ms\":[1,\"2\"]}",
                "{\"jitter\":1.5}",
                "{\"jitter\":\"0.5\"}",
                "{\"non_retryable\":[1]}",
                "{\"attempts\":3}"
            })
    default void start_with_a_retry_that_is_no_policy_is_refused(String retry) {
        ledger().registerHandlers(List.of(HANDLER));
        refusesStart(ErrorCode.INVALID_REQUEST, withRetry(retry));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{}",
                "{\"max_attempts\":1,\"backoff\":\"fixed\",\"delay_ms\":0}",
                "{\"delays_ms\":[1,2],\"jitter\":0.25,\"non_retryable\":[\"bad_input\"]}"
            })
    default void start_with_a_retry_policy_keeps_it(String retry) {
        // Given
        ledger().registerHandlers(List.of(HANDLER));

        // When
        RunId run = ledger().start(withRetry(retry));

        // Then
        var event = ledger().events(run, 0, 1).getFirst();
        var requested = (PlatformEvent.Requested) PlatformEvent.of(event.type(), event.data());
        assertTrue(requested != null && requested.retry() != null);
        assertTrue(LedgerContract.data(event).contains("\"retry\":" + retry + ","));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "UPPER", "a b", "-x"})
    default void start_on_a_queue_that_is_no_name_is_refused(String queue) {
        ledger().registerHandlers(List.of(HANDLER));
        refusesStart(ErrorCode.INVALID_REQUEST, StartRun.with(HANDLER, "1").queue(queue).build());
    }

    @Test
    default void start_with_an_input_of_1_mib_keeps_it() {
        // Given
        ledger().registerHandlers(List.of(HANDLER));
        String input = '"' + "x".repeat((1 << 20) - 2) + '"';

        // When
        RunId run = ledger().start(StartRun.of(HANDLER, input));

        // Then
        assertEquals(input, ledger().run(run).orElseThrow().input());
    }

    @Test
    default void start_with_an_input_beyond_1_mib_is_refused() {
        ledger().registerHandlers(List.of(HANDLER));
        refusesStart(
                ErrorCode.PAYLOAD_TOO_LARGE,
                StartRun.of(HANDLER, '"' + "x".repeat((1 << 20) - 1) + '"'));
    }

    @Test
    default void handlers_registered_twice_are_known_once() {
        // Given
        ledger().registerHandlers(List.of(HANDLER, "b"));

        // When
        ledger().registerHandlers(List.of("b", HANDLER, HANDLER));

        // Then
        assertEquals(RunStatus.QUEUED, status(ledger().start(StartRun.of("b", "1"))));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "a b", "-x", "é"})
    default void handler_name_that_is_no_name_is_refused(String name) {
        OutrunException refusal =
                assertThrows(
                        OutrunException.class,
                        () -> ledger().registerHandlers(List.of("good", name)));
        assertEquals(ErrorCode.INVALID_REQUEST, refusal.code());
        refusesStart(ErrorCode.UNKNOWN_HANDLER, StartRun.of("good", "{}"));
    }

    private RunId started(@Nullable String key, Tenant tenant) {
        ledger().registerHandlers(List.of(HANDLER));
        return ledger().start(
                        StartRun.with(HANDLER, "1").tenant(tenant).idempotencyKey(key).build());
    }

    private static StartRun withRetry(String retry) {
        return StartRun.with(HANDLER, "1").retry(retry).build();
    }
}
