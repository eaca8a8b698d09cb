package dev.outrun.worker.lease;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.outrun.ledger.HookedLedger;
import dev.outrun.ledger.Ledger;
import dev.outrun.ledger.StartRun;
import dev.outrun.ledger.memory.InMemoryLedger;
import dev.outrun.schema.error.ErrorCode;
import dev.outrun.schema.error.OutrunException;
import dev.outrun.schema.run.RunId;
import dev.outrun.schema.run.RunStatus;
import dev.outrun.schema.work.Task;
import dev.outrun.worker.TaskDesk.Answer;
import java.io.IOException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Who gets a task that comes while some wait, and some have gone. */
@Timeout(value = 60, unit = TimeUnit.SECONDS)
final class LeaseDeskTest {

    private static final Duration LONG = Duration.ofMinutes(5);

    private static final LeaseClient THERE = () -> {};

    private final InMemoryLedger ledger = new InMemoryLedger(InstantSource.system());
    private int claims;

    @Test
    void task_thatNobodyWaitsFor_isLeftToOthers() {
        // Given
        RunId run = start("a");

        // When
        Answer answer = desk(ledger).offer(task(run, "a"));

        // Then
        assertEquals(Answer.NOT_HERE, answer);
        assertEquals(RunStatus.QUEUED, status(run));
    }

    @Test
    void task_ofAnotherHandler_isForThoseWhoHaveIt() {
        // When
        Answer answer = desk(ledger).offer(task(start("b"), "b"));

        // Then
        assertEquals(Answer.NO_HANDLER, answer);
    }

    @Test
    void tasks_goToThoseWhoWait_inTheOrderTheyCame() throws Exception {
        // Given
        LeaseDesk desk = desk(ledger);
        List<FutureTask<Optional<LeasedTask>>> leases = new ArrayList<>();
        for (int n = 0; n < 3; n++) {
            leases.add(waiting(desk, "w" + n));
        }
        List<RunId> runs = List.of(start("a"), start("a"), start("a"));

        // When
        for (RunId run : runs) {
            assertEquals(Answer.TAKEN, desk.offer(task(run, "a")));
        }

        // Then
        for (int n = 0; n < 3; n++) {
            LeasedTask leased = leases.get(n).get().orElseThrow();
            assertEquals(runs.get(n), leased.run());
            assertEquals("{}", leased.claim().input());
            assertEquals("w" + n + "-" + (n + 1), ledger.liveAttempt(leased.run(), 1).worker());
        }
        assertEquals(0, desk.waiting());
    }

    @Test
    void refusedTask_leavesWhoWaitsAtTheirPlace() throws Exception {
        // Given
        LeaseDesk desk = desk(ledger);
        var first = waiting(desk, "first");
        var second = waiting(desk, "second");
        RunId cancelled = start("a");
        ledger.cancel(cancelled, null);
        RunId run = start("a");

        // When
        Answer refused = desk.offer(task(cancelled, "a"));
        Answer taken = desk.offer(task(run, "a"));

        // Then
        assertEquals(Answer.REFUSED, refused);
        assertEquals(Answer.TAKEN, taken);
        assertEquals(run, first.get().orElseThrow().run());
        desk.close();
        assertEquals(Optional.empty(), second.get());
    }

    @Test
    void claimWithoutAnAnswer_isNotMadeAgainUnderTheSameName() throws Exception {
        // Given
        List<String> names = new ArrayList<>();
        LeaseDesk desk =
                desk(
                        HookedLedger.of(
                                ledger,
                                (method, arguments, call) -> {
                                    Object answer = call.run();
                                    if (method.equals("claim")) {
                                        names.add(arguments[2].toString());
                                        if (names.size() == 1) {
                                            throw new OutrunException(
                                                    ErrorCode.UNAVAILABLE, "no answer");
                                        }
                                    }
                                    return answer;
                                }));
        var lease = waiting(desk, "w");
        RunId lost = start("a");
        RunId run = start("a");

        // When
        Answer unanswered = desk.offer(task(lost, "a"));
        desk.offer(task(run, "a"));

        // Then
        assertEquals(Answer.UNAVAILABLE, unanswered);
        assertEquals(run, lease.get().orElseThrow().run());
        assertNotEquals(names.getFirst(), names.getLast());
    }

    @Test
    void wait_thatIsOver_endsWithNothing() throws Exception {
        // Given
        LeaseDesk desk = desk(ledger);

        // When
        Optional<LeasedTask> leased = desk.lease("w", Duration.ofMillis(1), THERE);

        // Then
        assertEquals(Optional.empty(), leased);
        assertEquals(0, desk.waiting());
    }

    @Test
    void closedDesk_hasNoPlace_andSendsWhoComesAway() throws Exception {
        // Given
        LeaseDesk desk = desk(ledger);
        var before = waiting(desk, "before");

        // When
        desk.close();

        // Then
        assertEquals(Optional.empty(), before.get());
        assertEquals(Optional.empty(), desk.lease("after", LONG, THERE));
        assertEquals(false, desk.awaitPlace(LONG));
    }

    @Test
    void clientThatIsGone_waitsNoMore_andItsTaskIsHandedBack() throws Exception {
        // Given: a client that goes while a task is claimed for it
        LeaseDesk desk = desk(ledger);
        RunId run = start("a");
        LeaseClient gone =
                () -> {
                    desk.offer(task(run, "a"));
                    throw new IOException("gone");
                };

        // When
        assertThrows(IOException.class, () -> desk.lease("w", LONG, gone));

        // Then
        assertEquals(0, desk.waiting());
        assertEquals(RunStatus.RETRYING, status(run));
    }

    @Test
    void workerThatLeaves_waitsNoMore_butOthersDo() throws Exception {
        // Given
        LeaseDesk desk = desk(ledger);
        var leaving = waiting(desk, "leaving");
        var staying = waiting(desk, "staying");
        RunId run = start("a");

        // When
        int sent = desk.sendAway("leaving");
        Answer answer = desk.offer(task(run, "a"));

        // Then
        assertEquals(1, sent);
        assertEquals(Optional.empty(), leaving.get());
        assertEquals(Answer.TAKEN, answer);
        assertEquals(run, staying.get().orElseThrow().run());
    }

    @Test
    void place_isWhereSomebodyWaits() throws Exception {
        // Given
        LeaseDesk desk = desk(ledger);
        boolean empty = desk.awaitPlace(Duration.ZERO);
        var lease = waiting(desk, "w");

        // When
        boolean waited = desk.awaitPlace(LONG);

        // Then
        assertEquals(false, empty);
        assertEquals(true, waited);
        desk.close();
        assertEquals(Optional.empty(), lease.get());
    }

    private LeaseDesk desk(Ledger over) {
        return new LeaseDesk(
                Set.of("a"), over, worker -> worker + "-" + ++claims, Duration.ofMillis(1));
    }

    /** Somebody who has come to wait. */
    private static FutureTask<Optional<LeasedTask>> waiting(LeaseDesk desk, String worker) {
        int before = desk.waiting();
        FutureTask<Optional<LeasedTask>> lease =
                new FutureTask<>(() -> desk.lease(worker, LONG, THERE));
        Thread.ofVirtual().start(lease);
        while (desk.waiting() == before) {
            Thread.onSpinWait();
        }
        return lease;
    }

    private RunId start(String handler) {
        ledger.registerHandlers(List.of(handler));
        return ledger.start(StartRun.of(handler, "{}"));
    }

    private RunStatus status(RunId run) {
        return ledger.run(run).orElseThrow().status();
    }

    private static Task task(RunId run, String handler) {
        return new Task(run.toString(), 1, "default", "default", handler);
    }
}
