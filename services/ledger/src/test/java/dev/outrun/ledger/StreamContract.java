package dev.outrun.ledger;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outrun.ledger.StreamAnswer.Outcome;
import dev.outrun.schema.error.ErrorCode;
import dev.outrun.schema.error.OutrunException;
import dev.outrun.schema.run.RunId;
import dev.outrun.schema.run.RunStatus;
import dev.outrun.schema.run.Tenant;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The ledger's contract about streams: runs that are found and written to by name. */
interface StreamContract extends LedgerContract {

    String JSON_TYPE = "application/json";
    String TEXT_TYPE = "text/plain";
    Instant LONG_AGO = Instant.parse("2020-01-31T12:00:00Z");
    Instant LONG_HENCE = Instant.parse("2100-01-31T12:00:00Z");

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

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    default void fork_begins_with_its_sources_messages_at_the_same_seqs(boolean ended) {
        // Given
        Tenant tenant = newTenant();
        RunId source = made(stream(tenant, "s", JSON_TYPE, messages("1", "2"))).run();
        append(tenant, JSON_TYPE, messages("3"), ended);

        // When
        MadeStream.Made all = made(fork(tenant, "all", "s", null, 0));
        MadeStream.Made some = made(fork(tenant, "some", "s", 2L, 0));
        MadeStream.Made more = made(fork(tenant, "more", "s", 0L, 1));
        MadeStream.Made none = made(fork(tenant, "none", "s", 0L, 0));

        // Then
        assertEquals(log(source).subList(0, 4), log(all.run()));
        assertEquals(log(source).subList(0, 2), log(some.run()));
        assertEquals(log(source).subList(0, 2), log(more.run()));
        assertEquals(log(source).subList(0, 1), log(none.run()));
        assertEquals(List.of(4L, 2L), List.of(all.end(), some.end()));
        assertEquals(RunStatus.SUSPENDED, status(all.run()));
        assertFalse(made(fork(tenant, "some", "s", 2L, 0)).created());
        assertConflict(fork(tenant, "some", "s", 3L, 0));
        assertConflict(fork(tenant, "some", "s", 2L, 1));
        refusesCall(ErrorCode.INVALID_REQUEST, tenant, fork(tenant, "x", "s", 5L, 0));
        refusesCall(ErrorCode.INVALID_REQUEST, tenant, fork(tenant, "x", "s", null, 1));
    }

    @Test
    default void fork_within_a_message_has_its_first_bytes() {
        // Given
        Tenant tenant = newTenant();
        String texts =
                "[{\"type\":\"message.text\",\"data\":\"h\u00e9\"},{\"type\":\"note\"},"
                        + "{\"type\":\"message.bytes\",\"data\":\"AQID\"}]";
        made(stream(tenant, "s", TEXT_TYPE, texts));

        // When
        RunId inText = made(fork(tenant, "a", "s", 0L, 2)).run();
        RunId inBytes = made(fork(tenant, "b", "s", 2L, 1)).run();
        RunId whole = made(fork(tenant, "c", "s", 1L, 6)).run();

        // Then
        assertEquals(List.of("1 0 message.bytes \"aMM=\""), log(inText).subList(1, 2));
        assertEquals("2 0 message.bytes \"AQ==\"", log(inBytes).get(2));
        assertEquals(4, log(whole).size());
        refusesCall(ErrorCode.INVALID_REQUEST, tenant, fork(tenant, "d", "s", 1L, 7));
    }

    @Test
    default void stream_deleted_keeps_its_name_while_it_has_forks() {
        // Given
        Tenant tenant = newTenant();
        RunId run = made(stream(tenant, "s", JSON_TYPE, messages("1"))).run();
        made(fork(tenant, "fork", "s", null, 0));
        RunId last = made(fork(tenant, "of fork", "fork", null, 0)).run();

        // When
        ledger().streams().delete(tenant, "s");
        ledger().streams().delete(tenant, "fork");

        // Then
        assertEquals(RunStatus.CANCELLED, status(run));
        refuses(ErrorCode.STREAM_GONE, () -> ledger().streams().find(tenant, "s", false));
        refuses(ErrorCode.STREAM_GONE, () -> ledger().streams().delete(tenant, "fork"));
        refuses(ErrorCode.STREAM_GONE, () -> append(tenant, JSON_TYPE, messages("1"), false));
        assertConflict(stream(tenant, "s", JSON_TYPE, null));
        assertConflict(fork(tenant, "another", "s", null, 0));
        assertEquals("1 0 message 1", log(last).get(1));
        ledger().streams().delete(tenant, "of fork");
        refuses(ErrorCode.UNKNOWN_STREAM, () -> ledger().streams().find(tenant, "s", false));
        refuses(ErrorCode.UNKNOWN_STREAM, () -> ledger().streams().find(tenant, "fork", false));
    }

    @Test
    default void fork_has_the_times_of_its_source_unless_it_has_its_own() {
        // Given
        Tenant tenant = newTenant();
        made(expiring(tenant, "s", 60L, null));
        made(expiring(tenant, "until", null, LONG_HENCE));

        // When
        made(fork(tenant, "a", "s", null, 0));
        made(fork(tenant, "b", "until", null, 0));

        // Then
        assertEquals(60, ledger().streams().find(tenant, "a", false).ttlSeconds());
        assertEquals(LONG_HENCE, ledger().streams().find(tenant, "b", false).expiresAt());
        assertFalse(made(fork(tenant, "a", "s", null, 0)).created());
        assertConflict(
                new NewStream(
                        tenant,
                        "c",
                        null,
                        TEXT_TYPE,
                        null,
                        null,
                        null,
                        false,
                        new NewStream.Fork("s", null, 0)));
    }

    private Instant expiresAt(Tenant tenant) {
        Instant expiresAt = ledger().streams().find(tenant, "s", false).expiresAt();
        return expiresAt == null ? Instant.MIN : expiresAt;
    }

    private MadeStream.Made made(NewStream stream) {
        return assertInstanceOf(MadeStream.Made.class, ledger().streams().create(stream));
    }

    private void assertConflict(NewStream stream) {
        assertInstanceOf(MadeStream.Conflict.class, ledger().streams().create(stream));
    }

    private static void assertOutcome(
            Outcome outcome, @Nullable Long epoch, @Nullable Long seq, StreamAnswer answer) {
        assertEquals(outcome, answer.outcome());
        assertEquals(epoch, answer.epoch());
        assertEquals(seq, answer.seq());
    }

    private static void refuses(ErrorCode code, Executable call) {
        OutrunException refusal = assertThrows(OutrunException.class, call);
        assertEquals(code, refusal.code(), refusal.getMessage());
    }

    /** The stream is refused with this code, and no run has come to be. */
    private void refusesCall(ErrorCode code, Tenant tenant, NewStream stream) {
        List<Run> before = ledger().runs(RunQuery.all(tenant, 100));
        refuses(code, () -> ledger().streams().create(stream));
        assertEquals(before, ledger().runs(RunQuery.all(tenant, 100)));
    }

    private StreamAnswer append(
            Tenant tenant, @Nullable String type, @Nullable String events, boolean closing) {
        return ledger().streams()
                .append(new StreamAppend(tenant, "s", type, events, closing, null, null));
    }

    private StreamAnswer append(
            Tenant tenant,
            StreamAppend.Producer producer,
            @Nullable String events,
            boolean closing) {
        return ledger().streams().append(appending(tenant, producer, events, closing));
    }

    private StreamAnswer append(Tenant tenant, StreamAppend.Producer producer) {
        return append(tenant, producer, messages("1"), false);
    }

    private StreamAnswer appendInTurn(Tenant tenant, String seq) {
        return ledger().streams()
                .append(new StreamAppend(tenant, "s", JSON_TYPE, messages("1"), false, null, seq));
    }

    private static StreamAppend appending(
            Tenant tenant,
            StreamAppend.Producer producer,
            @Nullable String events,
            boolean closing) {
        return new StreamAppend(tenant, "s", JSON_TYPE, events, closing, producer, null);
    }

    private static StreamAppend.Producer producer(String id, long epoch, long seq) {
        return new StreamAppend.Producer(id, epoch, seq);
    }

    private static String messages(String... data) {
        return "[{\"type\":\"message\",\"data\":"
                + String.join("},{\"type\":\"message\",\"data\":", data)
                + "}]";
    }

    private static NewStream stream(
            Tenant tenant, String name, String type, @Nullable String events) {
        return new NewStream(tenant, name, null, type, null, null, events, false, null);
    }

    private static NewStream withId(Tenant tenant, String name, RunId id) {
        return new NewStream(tenant, name, id, TEXT_TYPE, null, null, null, false, null);
    }

    private static NewStream closed(Tenant tenant, String name) {
        return closed(tenant, name, TEXT_TYPE);
    }

    private static NewStream closed(Tenant tenant, String name, String type) {
        return new NewStream(tenant, name, null, type, null, null, null, true, null);
    }

    private static NewStream expiring(
            Tenant tenant, String name, @Nullable Long ttl, @Nullable Instant at) {
        return new NewStream(tenant, name, null, JSON_TYPE, ttl, at, null, false, null);
    }

    private static NewStream fork(
            Tenant tenant, String name, String from, @Nullable Long at, long more) {
        NewStream.Fork fork = new NewStream.Fork(from, at, more);
        return new NewStream(tenant, name, null, null, null, null, null, false, fork);
    }
}
