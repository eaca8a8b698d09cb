package dev.outrun.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outrun.engine.run.TestLog;
import dev.outrun.teststack.TestStack;
import dev.outrun.teststack.TestStackExtension;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Several engines share the shards, come and go, and die. */
@ExtendWith(TestStackExtension.class)
final class ScaleOutOnBrokerTest {

    private static final int SHARDS = 6;
    private static final int RUNS = 100;
    private static final int RUNS_PER_SHARD = 5;
    private static final Duration DEADLINE = Duration.ofSeconds(60);

    @TempDir private Path stateDir = Path.of("");

    private final TestStack stack;
    private final CompletableFuture<Throwable> failure = new CompletableFuture<>();
    private final List<EngineInstance> engines = new ArrayList<>();
    private EngineTopics topics;
    private int said;

    ScaleOutOnBrokerTest(TestStack stack) {
        this.stack = stack;
    }

    @BeforeEach
    void makeTopics() throws Exception {
        topics = new EngineTopics(stack.bootstrapServers(), stack.topics(), SHARDS);
    }

    @AfterEach
    void stopAll() {
        engines.forEach(EngineInstance::close);
        topics.close();
    }

    @ParameterizedTest
    @EnumSource(Guarantee.class)
    void engines_thatComeAndGo_runEveryRunOnceAndLoseNone(Guarantee guarantee) {
        // Given
        WorkInFlight work = new WorkInFlight(stack.topics(), topics, SHARDS, 1, failure);
        EngineInstance a = start("a", guarantee, 0);
        work.until("all shards with a", () -> a.shards() == SHARDS);
        work.untilRequested(RUNS);

        // When: two join, one is stopped, one is killed
        EngineInstance b = start("b", guarantee, 0);
        work.until("shards with b", () -> b.shards() > 0 && a.shards() + b.shards() == SHARDS);
        work.untilRequested(RUNS);
        EngineInstance c = start("c", guarantee, 0);
        work.until(
                "shards with c",
                () -> c.shards() > 0 && a.shards() + b.shards() + c.shards() == SHARDS);
        work.untilRequested(RUNS);
        CompletableFuture<Void> stopping = CompletableFuture.runAsync(a::close);
        work.until("all shards of a", () -> b.shards() + c.shards() == SHARDS);
        work.untilRequested(RUNS);
        b.kill();
        work.until("all shards with c", () -> c.shards() == SHARDS);
        work.untilRequested(RUNS);
        work.untilAllAreCompleted();

        // Then
        assertTrue(stopping.isDone());
        assertTrue(b.isDead());
        assertEquals(List.of(), work.wronglyAttempted());
        assertEquals(List.of(), work.unexpectedDecisions());
        if (guarantee == Guarantee.EXACTLY_ONCE_V2) {
            assertEquals(List.of(), work.repeatedTasks());
        }
        assertEquals(0, engines.stream().mapToLong(EngineInstance::deadLetters).sum());
    }

    @ParameterizedTest
    @EnumSource(Guarantee.class)
    void takeOver_withAStandbyReplica_restoresNothing(Guarantee guarantee) {
        // Given
        EngineInstance a = start("a", guarantee, 1);
        EngineInstance b = start("b", guarantee, 1);
        until(() -> a.shards() > 0 && b.shards() > 0 && a.shards() + b.shards() == SHARDS);
        openRuns();
        until(() -> a.replicated() + b.replicated() >= (long) SHARDS * RUNS_PER_SHARD);
        long before = b.restored();

        // When
        a.kill();
        until(() -> b.shards() == SHARDS);

        // Then
        assertEquals(before, b.restored());
    }

    @ParameterizedTest
    @EnumSource(Guarantee.class)
    void takeOver_withoutAStandbyReplica_restoresWhatIsOpen(Guarantee guarantee) {
        // Given
        EngineInstance a = start("a", guarantee, 0);
        EngineInstance b = start("b", guarantee, 0);
        until(() -> a.shards() > 0 && b.shards() > 0 && a.shards() + b.shards() == SHARDS);
        int ofA = a.shards();
        openRuns();
        until(() -> said == SHARDS * RUNS_PER_SHARD);
        long before = b.restored();

        // When
        a.close();
        until(() -> b.shards() == SHARDS);

        // Then
        assertEquals((long) ofA * RUNS_PER_SHARD, b.restored() - before);
    }

    private EngineInstance start(String instance, Guarantee guarantee, int standbyReplicas) {
        EngineInstance engine =
                new EngineInstance(
                        stack.topics(),
                        new EngineProperties(
                                        stack.kafka(),
                                        stack.topics(),
                                        guarantee,
                                        instance,
                                        1,
                                        stateDir.resolve(instance),
                                        1)
                                .withStandbyReplicas(standbyReplicas),
                        Duration.ZERO,
                        failure::complete);
        engines.add(engine);
        return engine;
    }

    /** Runs in every shard that wait for a time to come: each is stored once, and rests. */
    private void openRuns() {
        for (int shard = 0; shard < SHARDS; shard++) {
            for (int run = 0; run < RUNS_PER_SHARD; run++) {
                int to = shard;
                new TestLog(
                                "run " + run + " of " + shard,
                                InstantSource.system(),
                                event -> topics.publish(to, event))
                        .requestedFor(Instant.now().plus(Duration.ofHours(1)));
            }
        }
    }

    /** Waits for something, and counts what the engines say meanwhile. */
    private void until(BooleanSupplier done) {
        long deadline = System.nanoTime() + DEADLINE.toNanos();
        while (!done.getAsBoolean()) {
            if (System.nanoTime() > deadline || failure.isDone()) {
                throw new AssertionError("not in time", failure.getNow(null));
            }
            said += topics.poll(Duration.ofMillis(20)).count();
        }
    }
}
