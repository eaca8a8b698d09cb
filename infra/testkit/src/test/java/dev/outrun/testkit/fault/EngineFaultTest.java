package dev.outrun.testkit.fault;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.outrun.engine.Guarantee;
import dev.outrun.teststack.TestStack;
import dev.outrun.teststack.TestStackExtension;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Whichever engine is killed or frozen, and when: every run ends, and no attempt is made twice. */
@ExtendWith(TestStackExtension.class)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Execution(ExecutionMode.SAME_THREAD)
final class EngineFaultTest {

    private static final Logger LOG = LoggerFactory.getLogger(EngineFaultTest.class);

    private static final Path FOLDER = Path.of("target", "faults").toAbsolutePath();

    private int schedules;
    private int good;
    private int faults;
    private int runs;
    private int attempts;

    /**
     * {@code outrun.faults.schedules} of them under each guarantee, from {@code outrun.faults.seed}
     * on; one by default.
     */
    static Stream<Arguments> schedules() {
        long first = Long.getLong("outrun.faults.seed", 1);
        return Stream.iterate(first, seed -> seed + 1)
                .limit(Integer.getInteger("outrun.faults.schedules", 1))
                .flatMap(seed ->
                        Stream.of(Guarantee.values())
                                .map(guarantee -> Arguments.of(guarantee, seed)));
    }

    @ParameterizedTest(name = "{0}, seed {1}")
    @MethodSource("schedules")
    @Timeout(value = 8, unit = TimeUnit.MINUTES)
    void engines_hurtAsScheduled_loseNoRunAndMakeNoAttemptTwice(
            Guarantee guarantee, long seed, TestStack stack) throws Exception {
        // Given
        EngineSchedule schedule = EngineSchedule.of(seed);
        schedules++;
        long begin = System.nanoTime();
        try (EngineFaultRun run = new EngineFaultRun(stack, guarantee, schedule, folder())) {

            // When
            List<String> differences = play(run);

            // Then
            assertEquals(List.of(), differences, run::story);
            good++;
            faults += schedule.faults().size();
            runs += run.runs();
            attempts += run.attempts();
            LOG.info(
                    "schedule good guarantee={} runs={} millis={} {}",
                    guarantee,
                    run.runs(),
                    TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - begin),
                    schedule);
        }
    }

    @AfterAll
    void sum() {
        LOG.info(
                "schedules={} good={} faults={} runs={} attempts={}",
                schedules,
                good,
                faults,
                runs,
                attempts);
    }

    private static Path folder() throws IOException {
        return Files.createTempDirectory(Files.createDirectories(FOLDER), "engines-");
    }

    private static List<String> play(EngineFaultRun run) throws InterruptedException {
        try {
            return run.play();
        } catch (RuntimeException | AssertionError e) {
            throw new AssertionError(e.getMessage() + "\n" + run.story(), e);
        }
    }
}
