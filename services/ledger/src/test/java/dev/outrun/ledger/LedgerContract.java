package dev.outrun.ledger;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outrun.schema.error.ErrorCode;
import dev.outrun.schema.error.OutrunException;
import dev.outrun.schema.event.Event;
import dev.outrun.schema.run.RunId;
import dev.outrun.schema.run.RunStatus;
import dev.outrun.schema.run.Tenant;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.junit.jupiter.api.function.Executable;

/** What every part of the ledger's contract starts from: a ledger of the test's own. */
interface LedgerContract {

    String HANDLER = "echo";
    String WORKER = "w1@1";

    /** The ledger under test; other tests may use it at the same time. */
    Ledger ledger();

    default RunId started() {
        ledger().registerHandlers(List.of(HANDLER));
        return ledger().start(StartRun.of(HANDLER, "{}"));
    }

    default RunId running() {
        RunId run = started();
        claim(run, 1);
        return run;
    }

    default void claim(RunId run, int attempt) {
        assertTrue(ledger().claim(run, attempt, WORKER).isPresent());
    }

    default RunId retrying() {
        RunId run = running();
        ledger().fail(run, 1, "{\"code\":\"oops\"}", true);
        return run;
    }

    default RunId completed() {
        RunId run = running();
        ledger().complete(run, 1, "null");
        return run;
    }

    default RunStatus status(RunId run) {
        return ledger().run(run).orElseThrow().status();
    }

    /** The log, one line per event: seq, attempt, type, data. */
    default List<String> log(RunId run) {
        return ledger().events(run, 0, Integer.MAX_VALUE).stream()
                .map(e -> e.seq() + " " + e.attempt() + " " + e.type() + " " + data(e))
                .toList();
    }

    static String data(Event event) {
        return new String(event.data(), StandardCharsets.UTF_8);
    }

    /** The call is refused with this code, and leaves the run and its log as they were. */
    default void refuses(ErrorCode code, RunId run, Executable call) {
        Optional<Run> before = ledger().run(run);
        List<String> logBefore = log(run);
        OutrunException refusal = assertThrows(OutrunException.class, call);
        assertEquals(code, refusal.code(), refusal.getMessage());
        assertEquals(before, ledger().run(run));
        assertEquals(logBefore, log(run));
    }

    /** A tenant that no other test has: the ledger may be shared. */
    default Tenant newTenant() {
        return new Tenant("t-" + UUID.randomUUID());
    }

    /** The call is refused with this code, and no run has come to be. */
    default void refusesStart(ErrorCode code, StartRun start) {
        Tenant tenant = newTenant();
        StartRun own = start.toBuilder().tenant(tenant).build();
        OutrunException refusal = assertThrows(OutrunException.class, () -> ledger().start(own));
        assertEquals(code, refusal.code(), refusal.getMessage());
        assertEquals(List.of(), ledger().runs(RunQuery.all(tenant, 100)));
    }
}
