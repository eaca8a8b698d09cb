package dev.outrun.testkit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outrun.ledger.StartRun;
import dev.outrun.schema.event.Event;
import dev.outrun.schema.run.RunId;
import dev.outrun.schema.run.RunStatus;
import dev.outrun.schema.run.Tenant;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Parents and children, sleep, signals and forks on the whole path. */
@ExtendWith(OutrunExtension.class)
final class FlowsTest {

    @Test
    void flow_runsItsLeavesFirst_andItsRootHasTheirResults(TestOutrun outrun) {
        // When
        RunId root =
                outrun.ledger()
                        .startFlow(
                                Tenant.DEFAULT,
                                "{\"handler\":\"echo\",\"children\":["
                                        + "{\"handler\":\"echo\",\"input\":1,\"queue\":\"a\"},"
                                        + "{\"handler\":\"echo\",\"input\":2,\"queue\":\"b\"}]}");
        List<Event> log = outrun.awaitEnd(root);

        // Then
        List<String> types = log.stream().map(Event::type).toList();
        assertEquals("run.completed", types.getLast());
        assertTrue(
                types.lastIndexOf("run.child.ended") < types.indexOf("run.attempt.started"),
                types.toString());
        assertEquals(2, types.stream().filter("run.child.ended"::equals).count());
        LogAssert.assertSameLogEverywhere(outrun, root);
    }

    @Test
    void parent_cancelled_takesItsChildrenWithIt(TestOutrun outrun) {
        // Given
        RunId parent = outrun.start("sleeper", "1");
        StartRun.Child child = new StartRun.Child(parent, false, false);
        RunId running = outrun.ledger().start(StartRun.with("sleeper", "1").child(child).build());
        RunId waiting =
                outrun.ledger()
                        .start(
                                StartRun.with("echo", "1")
                                        .child(child)
                                        .runAt(Instant.now().plus(Duration.ofHours(1)))
                                        .build());

        // When
        outrun.api().cancel(parent.toString(), null);

        // Then
        for (RunId run : List.of(parent, running, waiting)) {
            outrun.awaitEnd(run);
            assertEquals(RunStatus.CANCELLED, outrun.ledger().run(run).orElseThrow().status());
        }
    }

    @Test
    void run_thatTakesTooLong_isStoppedAndHasFailed(TestOutrun outrun) {
        // When
        RunId run = outrun.ledger().start(StartRun.with("sleeper", "1").timeoutMs(200L).build());
        List<Event> log = outrun.awaitEnd(run);

        // Then
        assertEquals("run.failed", log.getLast().type());
        assertEquals(RunStatus.FAILED, outrun.ledger().run(run).orElseThrow().status());
    }

    @Test
    void attempt_thatTakesTooLong_isFollowedByAnother(TestOutrun outrun) {
        // When
        RunId run =
                outrun.ledger()
                        .start(
                                StartRun.with("sleeper", "1")
                                        .attemptTimeoutMs(100L)
                                        .retry("{\"max_attempts\":2,\"delays_ms\":[1]}")
                                        .build());
        List<Event> log = outrun.awaitEnd(run);

        // Then
        assertEquals(
                List.of(
                        "run.requested",
                        "run.attempt.started",
                        "run.attempt.failed",
                        "run.retry.scheduled",
                        "run.attempt.started",
                        "run.attempt.failed",
                        "run.failed"),
                log.stream().map(Event::type).toList());
    }

    @Test
    void fork_ofACompletedRun_isARunOnTheSameWay(TestOutrun outrun) {
        // Given
        RunId run = outrun.start("echo", "[1,2]");
        List<Event> log = outrun.awaitEnd(run);

        // When
        RunId fork = outrun.ledger().fork(run, log.size() - 1L, null);
        List<Event> forked = outrun.awaitEnd(fork);

        // Then
        assertEquals("run.forked", forked.get(log.size() - 1).type());
        assertEquals("run.completed", forked.getLast().type());
        assertEquals(2, forked.getLast().attempt());
        LogAssert.assertSameLogEverywhere(outrun, fork);
    }
}
