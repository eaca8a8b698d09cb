package dev.outrun.ledger;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import dev.outrun.schema.error.ErrorCode;
import dev.outrun.schema.run.RunId;
import dev.outrun.schema.run.RunStatus;
import dev.outrun.schema.run.Tenant;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The ledger's contract about streams that begin with another's messages. */
interface StreamForkContract extends StreamSayings {

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
}
