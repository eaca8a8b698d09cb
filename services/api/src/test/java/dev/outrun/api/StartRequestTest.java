package dev.outrun.api;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outrun.ledger.StartRun;
import dev.outrun.schema.error.ErrorCode;
import dev.outrun.schema.error.OutrunException;
import java.time.Instant;
import java.time.InstantSource;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class StartRequestTest {

    private static final Instant NOW = Instant.parse("2026-01-31T12:00:00Z");
    private static final InstantSource CLOCK = InstantSource.fixed(NOW);

    @Test
    void start_withAllFields_keepsThem() {
        // Given
        String body =
                "{\"handler\":\"chat-demo\",\"queue\":\"q.1\",\"input\": { \"a\" : 1 } ,"
                        + "\"priority\":-3,\"concurrency_key\":\"c\",\"dedupe_key\":\"d\",\"dedupe_ms\":9,"
                        + "\"timeout_ms\":60000,\"attempt_timeout_ms\":1000,"
                        + "\"delay_ms\":1500,\"retry\":{\"max_attempts\":2},\"idempotency_key\":\"k\"}";

        // When
        StartRun start = StartRequest.read(JsonObject.parse(body), "k", CLOCK);

        // Then
        assertEquals(
                StartRun.with("chat-demo", "{ \"a\" : 1 }")
                        .queue("q.1")
                        .idempotencyKey("k")
                        .runAt(NOW.plusMillis(1500))
                        .retry("{\"max_attempts\":2}")
                        .priority(-3)
                        .concurrencyKey("c")
                        .timeoutMs(60_000L)
                        .attemptTimeoutMs(1_000L)
                        .dedupe(new StartRun.Dedupe("d", 9L))
                        .build(),
                start);
    }

    @Test
    void start_withNothingButAHandler_hasDefaults() {
        // When
        StartRun start = StartRequest.read(JsonObject.parse("{\"handler\":\"echo\"}"), null, CLOCK);

        // Then
        assertEquals(StartRun.of("echo", "null"), start);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{} | 'handler'",
                "{'handler':1} | 'handler'",
                "{'handler':null} | 'handler'",
                "{'handler':'no/slash'} | 'handler'",
                "{'handler':'e','queue':'Q'} | 'queue'",
                "{'handler':'e','queue':''} | 'queue'",
                "{'handler':'e','priority':1001} | 'priority'",
                "{'handler':'e','priority':'1'} | 'priority'",
                "{'handler':'e','concurrency_key':''} | 'concurrency_key'",
                "{'handler':'e','dedupe_key':''} | 'dedupe_key'",
                "{'handler':'e','dedupe_ms':5} | 'dedupe_ms'",
                "{'handler':'e','dedupe_key':'k','dedupe_ms':0} | 'dedupe_ms'",
                "{'handler':'e','timeout_ms':0} | 'timeout_ms'",
                "{'handler':'e','attempt_timeout_ms':'1'} | 'attempt_timeout_ms'",
                "{'handler':'e','parent':7} | 'parent'",
                "{'handler':'e','on_failure':'continue'} | 'on_failure'",
                "{'handler':'e','detached':true} | 'detached'",
                "{'handler':'e','parent':'01890000-0000-7000-8000-000000000000','on_failure':'x'} | 'on_failure'",
                "{'handler':'e','parent':'01890000-0000-7000-8000-000000000000','detached':1} | 'detached'",
                "{'handler':'e','delay_ms':-1} | 'delay_ms'",
                "{'handler':'e','delay_ms':1.5} | 'delay_ms'",
                "{'handler':'e','run_at':'tomorrow'} | 'run_at'",
                "{'handler':'e','run_at':'9999-01-01T00:00:00Z'} | 'run_at'",
                "{'handler':'e','delay_ms':1,'run_at':'2026-02-01T00:00:00Z'} | 'delay_ms'",
                "{'handler':'e','idempotency_key':''} | 'idempotency_key'",
                "{'handler':'e','idempotency_key':'other'} | 'idempotency_key'"
            },
            quoteCharacter = '`')
    void start_withABadField_isRefusedByName(String body, String named) {
        // Given
        JsonObject json = JsonObject.parse(body.replace('\'', '"'));

        // When
        OutrunException refused =
                assertThrows(OutrunException.class, () -> StartRequest.read(json, "header", CLOCK));

        // Then
        assertEquals(ErrorCode.INVALID_REQUEST, refused.code());
        assertTrue(String.valueOf(refused.getMessage()).contains(named), refused.getMessage());
    }
}
