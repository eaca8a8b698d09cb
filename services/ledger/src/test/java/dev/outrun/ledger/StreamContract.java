package dev.outrun.ledger;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outrun.ledger.StreamAnswer.Outcome;
import dev.outrun.schema.error.ErrorCode;
import dev.outrun.schema.run.RunId;
import dev.outrun.schema.run.RunStatus;
import dev.outrun.schema.run.Tenant;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The ledger's contract about streams: runs that are found and written to by name. */
interface StreamContract extends StreamSayings {

    @Test
    default void stream_made_is_a_suspended_run_that_begins_with_its_messages() {
        // Given
        Tenant tenant = newTenant();

        // When
        MadeStream.Made made = made(stream(tenant, "a/b", JSON_TYPE, messages("1", "{\"b\": 2}")));

        // Then
        assertTrue(made.created());
        assertEquals(3, made.end());
        assertEquals(JSON_TYPE, made.contentType());
        assertEquals(
                List.of(
                        "0 0 run.requested {\"handler\":\"stream\",\"queue\":\"streams\",\"tenant\":\""
                                + tenant
                                + "\",\"wait_for\":\"all\",\"input\":{\"stream\":\"a/b\","
                                + "\"content_type\":\"application/json\"}}",
                        "1 0 message 1",
                        "2 0 message {\"b\": 2}"),
                log(made.run()));
        StreamState state = ledger().streams().find(tenant, "a/b", true);
        assertEquals(made.run(), state.run().id());
        assertEquals(RunStatus.SUSPENDED, state.run().status());
        assertEquals("stream", state.run().handler());
        assertEquals(JSON_TYPE, state.contentType());
    }

    @Test
    default void stream_made_again_is_the_same_or_a_conflict() {
        // Given
        Tenant tenant = newTenant();
        NewStream stream = stream(tenant, "s", "Text/Plain; charset=utf-8", null);
        RunId run = made(stream).run();

        // When
        MadeStream.Made again = made(stream(tenant, "s", TEXT_TYPE, null));

        // Then
        assertEquals(run, again.run());
        assertFalse(again.created());
        assertEquals("Text/Plain; charset=utf-8", again.contentType());
        assertConflict(stream(tenant, "s", JSON_TYPE, null));
        assertConflict(expiring(tenant, "s", 60L, null));
        assertConflict(expiring(tenant, "s", null, LONG_HENCE));
        assertConflict(closed(tenant, "s"));
        assertEquals(1, log(run).size());
        assertTrue(made(stream(newTenant(), "s", JSON_TYPE, null)).created());
    }

    @Test
    default void stream_that_cannot_be_is_refused() {
        Tenant tenant = newTenant();
        RunId taken = started();
        refusesCall(ErrorCode.INVALID_REQUEST, tenant, stream(tenant, "", TEXT_TYPE, null));
        refusesCall(ErrorCode.INVALID_REQUEST, tenant, stream(tenant, "a\nb", TEXT_TYPE, null));
        refusesCall(
                ErrorCode.INVALID_REQUEST,
                tenant,
                stream(tenant, "a".repeat(256), TEXT_TYPE, null));
        refusesCall(ErrorCode.INVALID_REQUEST, tenant, stream(tenant, "s", "text", null));
        refusesCall(ErrorCode.INVALID_EVENTS, tenant, stream(tenant, "s", TEXT_TYPE, "[]"));
        refusesCall(ErrorCode.INVALID_REQUEST, tenant, expiring(tenant, "s", -1L, null));
        refusesCall(ErrorCode.INVALID_REQUEST, tenant, expiring(tenant, "s", 1L, LONG_HENCE));
        refusesCall(ErrorCode.RUN_ID_TAKEN, tenant, withId(tenant, "s", taken));
        refusesCall(ErrorCode.UNKNOWN_STREAM, tenant, fork(tenant, "s", "nobody", null, 0));
        refuses(ErrorCode.UNKNOWN_STREAM, () -> ledger().streams().find(tenant, "s", true));
    }

    @Test
    default void stream_is_nobodys_to_run() {
        // Given
        RunId run = made(stream(newTenant(), "s", TEXT_TYPE, null)).run();

        // When, Then
        assertFalse(ledger().resume(run));
        assertTrue(ledger().claim(run, 1, WORKER).isEmpty());
        refuses(ErrorCode.INVALID_REQUEST, () -> ledger().registerHandlers(List.of("stream")));
        refuses(ErrorCode.UNKNOWN_HANDLER, () -> ledger().start(StartRun.of("stream", "1")));
        assertEquals(RunStatus.SUSPENDED, status(ledger().fork(run, 1, null)));
        assertEquals(RunStatus.SUSPENDED, status(run));
    }

    @Test
    default void child_of_a_stream_does_not_wake_it() {
        // Given
        Tenant tenant = newTenant();
        RunId run = made(stream(tenant, "s", TEXT_TYPE, null)).run();
        ledger().registerHandlers(List.of(HANDLER));
        RunId child =
                ledger().start(
                                StartRun.with(HANDLER, "1")
                                        .tenant(tenant)
                                        .child(new StartRun.Child(run, false, false))
                                        .build());

        // When
        claim(child, 1);
        ledger().complete(child, 1, "1");

        // Then
        assertEquals(RunStatus.SUSPENDED, status(run));
    }

    @Test
    default void append_goes_on_with_the_log_and_closing_ends_it() {
        // Given
        Tenant tenant = newTenant();
        RunId run = made(stream(tenant, "s", JSON_TYPE, messages("1"))).run();

        // When
        StreamAnswer appended = append(tenant, JSON_TYPE, messages("2"), false);
        StreamAnswer closing = append(tenant, JSON_TYPE, messages("3"), true);

        // Then
        assertEquals(new StreamAnswer(Outcome.APPENDED, 3, false, null, null), appended);
        assertEquals(new StreamAnswer(Outcome.APPENDED, 4, true, null, null), closing);
        assertEquals(
                List.of("2 0 message 2", "3 0 message 3", "4 0 run.completed {\"output\":null}"),
                log(run).subList(2, 5));
        assertEquals(RunStatus.COMPLETED, status(run));
        assertEquals(
                new StreamAnswer(Outcome.CLOSED, 4, true, null, null),
                append(tenant, TEXT_TYPE, messages("4"), false));
        assertEquals(Outcome.CLOSED, append(tenant, JSON_TYPE, messages("4"), true).outcome());
        assertEquals(
                new StreamAnswer(Outcome.DUPLICATE, 4, true, null, null),
                append(tenant, (String) null, null, true));
        assertFalse(made(closed(tenant, "s", JSON_TYPE)).created());
        assertConflict(stream(tenant, "s", JSON_TYPE, null));
        assertEquals(5, log(run).size());
    }

    @Test
    default void append_that_cannot_be_is_refused() {
        Tenant tenant = newTenant();
        RunId run = made(stream(tenant, "s", JSON_TYPE, null)).run();
        refuses(ErrorCode.INVALID_REQUEST, run, () -> append(tenant, JSON_TYPE, null, false));
        refuses(ErrorCode.INVALID_EVENTS, run, () -> append(tenant, JSON_TYPE, "[]", false));
        refuses(
                ErrorCode.INVALID_REQUEST,
                run,
                () -> append(tenant, producer("", 0, 0), messages("1"), false));
        refuses(
                ErrorCode.INVALID_REQUEST,
                run,
                () -> append(tenant, producer("p", 1L << 53, 0), messages("1"), false));
        refuses(
                ErrorCode.UNKNOWN_STREAM,
                run,
                () -> append(newTenant(), JSON_TYPE, messages("1"), false));
        assertEquals(
                new StreamAnswer(Outcome.OTHER_TYPE, 1, false, null, null),
                append(tenant, TEXT_TYPE, messages("1"), false));
        assertEquals(1, log(run).size());
    }

    @Test
    default void writer_seq_rises_byte_by_byte() {
        // Given
        Tenant tenant = newTenant();
        RunId run = made(stream(tenant, "s", JSON_TYPE, null)).run();

        // When
        List<Outcome> outcomes =
                List.of("09", "10", "10", "1", "Z", "a", "B", "\u00e9").stream()
                        .map(seq -> appendInTurn(tenant, seq).outcome())
                        .toList();

        // Then
        assertEquals(
                List.of(
                        Outcome.APPENDED,
                        Outcome.APPENDED,
                        Outcome.STALE_SEQ,
                        Outcome.STALE_SEQ,
                        Outcome.APPENDED,
                        Outcome.APPENDED,
                        Outcome.STALE_SEQ,
                        Outcome.APPENDED),
                outcomes);
        assertEquals(6, log(run).size());
    }

    @Test
    default void producer_appends_each_number_once() {
        // Given
        Tenant tenant = newTenant();
        RunId run = made(stream(tenant, "s", JSON_TYPE, null)).run();
        StreamLedger streams = ledger().streams();

        // When, Then
        assertOutcome(Outcome.GAP, null, null, append(tenant, producer("p", 0, 1)));
        assertOutcome(Outcome.APPENDED, 0L, 0L, append(tenant, producer("p", 0, 0)));
        assertOutcome(Outcome.APPENDED, 0L, 1L, append(tenant, producer("p", 0, 1)));
        assertOutcome(Outcome.DUPLICATE, 0L, 1L, append(tenant, producer("p", 0, 0)));
        assertOutcome(Outcome.GAP, 0L, 1L, append(tenant, producer("p", 0, 3)));
        assertOutcome(Outcome.NO_BEGINNING, 0L, 1L, append(tenant, producer("p", 2, 1)));
        assertOutcome(Outcome.APPENDED, 2L, 0L, append(tenant, producer("p", 2, 0)));
        assertOutcome(Outcome.STALE_PRODUCER, 2L, 0L, append(tenant, producer("p", 1, 0)));
        assertOutcome(Outcome.APPENDED, 7L, 0L, append(tenant, producer("q", 7, 0)));
        assertEquals(5, log(run).size());

        // Then: it closes once, and what it knows outlives that
        StreamAppend closing = appending(tenant, producer("p", 2, 1), null, true);
        assertOutcome(Outcome.APPENDED, 2L, 1L, streams.append(closing));
        assertOutcome(Outcome.DUPLICATE, 2L, 1L, streams.append(closing));
        assertOutcome(Outcome.DUPLICATE, 2L, 1L, append(tenant, producer("p", 2, 0)));
        assertOutcome(Outcome.CLOSED, 2L, 1L, append(tenant, producer("p", 2, 2)));
        assertOutcome(Outcome.STALE_PRODUCER, 2L, 1L, append(tenant, producer("p", 0, 0)));
        assertOutcome(Outcome.CLOSED, null, null, append(tenant, producer("r", 0, 0)));
        assertEquals(6, log(run).size());
    }

    @Test
    default void stream_deleted_gives_its_name_free_and_keeps_its_log() {
        // Given
        Tenant tenant = newTenant();
        RunId run = made(stream(tenant, "s", JSON_TYPE, messages("1"))).run();
        append(tenant, producer("p", 0, 0));

        // When
        ledger().streams().delete(tenant, "s");

        // Then
        refuses(ErrorCode.UNKNOWN_STREAM, () -> ledger().streams().find(tenant, "s", false));
        refuses(ErrorCode.UNKNOWN_STREAM, () -> ledger().streams().delete(tenant, "s"));
        assertEquals(RunStatus.CANCELLED, status(run));
        assertEquals("1 0 message 1", log(run).get(1));
        RunId next = made(stream(tenant, "s", JSON_TYPE, null)).run();
        assertEquals(1, log(next).size());
        assertOutcome(Outcome.APPENDED, 0L, 0L, append(tenant, producer("p", 0, 0)));
    }

    @Test
    default void stream_whose_time_is_over_is_not_there() {
        // Given
        Tenant tenant = newTenant();
        RunId over = made(expiring(tenant, "s", null, LONG_AGO)).run();
        RunId idle = made(expiring(tenant, "idle", 0L, null)).run();
        made(expiring(tenant, "lasting", 60L, null));

        // When
        refuses(ErrorCode.UNKNOWN_STREAM, () -> ledger().streams().find(tenant, "s", true));
        refuses(ErrorCode.UNKNOWN_STREAM, () -> append(tenant, JSON_TYPE, messages("1"), false));
        RunId next = made(expiring(tenant, "s", null, LONG_HENCE)).run();
        while (ledger().streams().expire(100) > 0) {
            // others' as well
        }

        // Then
        assertEquals(RunStatus.CANCELLED, status(over));
        assertEquals(RunStatus.CANCELLED, status(idle));
        assertEquals(RunStatus.SUSPENDED, status(next));
        assertEquals(LONG_HENCE, ledger().streams().find(tenant, "s", true).expiresAt());
        assertEquals(60, ledger().streams().find(tenant, "lasting", false).ttlSeconds());
    }

    @Test
    default void stream_with_a_time_to_live_is_renewed_by_reads_and_appends() {
        // Given
        Tenant tenant = newTenant();
        made(expiring(tenant, "s", 60L, null));
        Instant made = expiresAt(tenant);

        // When
        Instant looked = expiresAt(tenant);
        ledger().streams().find(tenant, "s", true);
        Instant read = expiresAt(tenant);
        append(tenant, JSON_TYPE, messages("1"), false);
        Instant appended = expiresAt(tenant);

        // Then
        assertEquals(made, looked);
        assertTrue(read.isAfter(looked), read + " after " + looked);
        assertTrue(appended.isAfter(read), appended + " after " + read);
    }
}
