package dev.outrun.ledger;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.outrun.ledger.StreamAnswer.Outcome;
import dev.outrun.schema.error.ErrorCode;
import dev.outrun.schema.error.OutrunException;
import dev.outrun.schema.run.RunId;
import dev.outrun.schema.run.Tenant;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.function.Executable;

/** What the parts of the contract about streams say to the ledger, and how they look at it. */
interface StreamSayings extends LedgerContract {

    String JSON_TYPE = "application/json";
    String TEXT_TYPE = "text/plain";
    Instant LONG_AGO = Instant.parse("2020-01-31T12:00:00Z");
    Instant LONG_HENCE = Instant.parse("2100-01-31T12:00:00Z");

    default Instant expiresAt(Tenant tenant) {
        Instant expiresAt = ledger().streams().find(tenant, "s", false).expiresAt();
        return expiresAt == null ? Instant.MIN : expiresAt;
    }

    default MadeStream.Made made(NewStream stream) {
        return assertInstanceOf(MadeStream.Made.class, ledger().streams().create(stream));
    }

    default void assertConflict(NewStream stream) {
        assertInstanceOf(MadeStream.Conflict.class, ledger().streams().create(stream));
    }

    default void assertOutcome(
            Outcome outcome, @Nullable Long epoch, @Nullable Long seq, StreamAnswer answer) {
        assertEquals(outcome, answer.outcome());
        assertEquals(epoch, answer.epoch());
        assertEquals(seq, answer.seq());
    }

    default void refuses(ErrorCode code, Executable call) {
        OutrunException refusal = assertThrows(OutrunException.class, call);
        assertEquals(code, refusal.code(), refusal.getMessage());
    }

    /** The stream is refused with this code, and no run has come to be. */
    default void refusesCall(ErrorCode code, Tenant tenant, NewStream stream) {
        List<Run> before = ledger().runs(RunQuery.all(tenant, 100));
        refuses(code, () -> ledger().streams().create(stream));
        assertEquals(before, ledger().runs(RunQuery.all(tenant, 100)));
    }

    default StreamAnswer append(
            Tenant tenant, @Nullable String type, @Nullable String events, boolean closing) {
        return ledger().streams()
                .append(new StreamAppend(tenant, "s", type, events, closing, null, null));
    }

    default StreamAnswer append(
            Tenant tenant,
            StreamAppend.Producer producer,
            @Nullable String events,
            boolean closing) {
        return ledger().streams().append(appending(tenant, producer, events, closing));
    }

    default StreamAnswer append(Tenant tenant, StreamAppend.Producer producer) {
        return append(tenant, producer, messages("1"), false);
    }

    default StreamAnswer appendInTurn(Tenant tenant, String seq) {
        return ledger().streams()
                .append(new StreamAppend(tenant, "s", JSON_TYPE, messages("1"), false, null, seq));
    }

    default StreamAppend appending(
            Tenant tenant,
            StreamAppend.Producer producer,
            @Nullable String events,
            boolean closing) {
        return new StreamAppend(tenant, "s", JSON_TYPE, events, closing, producer, null);
    }

    default StreamAppend.Producer producer(String id, long epoch, long seq) {
        return new StreamAppend.Producer(id, epoch, seq);
    }

    default String messages(String... data) {
        return "[{\"type\":\"message\",\"data\":"
                + String.join("},{\"type\":\"message\",\"data\":", data)
                + "}]";
    }

    default NewStream stream(Tenant tenant, String name, String type, @Nullable String events) {
        return new NewStream(tenant, name, null, type, null, null, events, false, null);
    }

    default NewStream withId(Tenant tenant, String name, RunId id) {
        return new NewStream(tenant, name, id, TEXT_TYPE, null, null, null, false, null);
    }

    default NewStream closed(Tenant tenant, String name) {
        return closed(tenant, name, TEXT_TYPE);
    }

    default NewStream closed(Tenant tenant, String name, String type) {
        return new NewStream(tenant, name, null, type, null, null, null, true, null);
    }

    default NewStream expiring(
            Tenant tenant, String name, @Nullable Long ttl, @Nullable Instant at) {
        return new NewStream(tenant, name, null, JSON_TYPE, ttl, at, null, false, null);
    }

    default NewStream fork(Tenant tenant, String name, String from, @Nullable Long at, long more) {
        NewStream.Fork fork = new NewStream.Fork(from, at, more);
        return new NewStream(tenant, name, null, null, null, null, null, false, fork);
    }
}
