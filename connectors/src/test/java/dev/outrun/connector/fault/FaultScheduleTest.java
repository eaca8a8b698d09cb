package dev.outrun.connector.fault;

import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outrun.connector.audit.AuditReport;
import dev.outrun.connector.audit.Difference;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Whatever is killed, frozen or stopped: every event is published once, in order. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Execution(ExecutionMode.SAME_THREAD)
final class FaultScheduleTest {

    private static final Logger LOG = LoggerFactory.getLogger(FaultScheduleTest.class);

    private static final Path FOLDER = Path.of("target", "faults").toAbsolutePath();

    private @Nullable FaultStack stack;
    private int schedules;
    private int goodOnes;
    private int faults;
    private long events;

    /**
     * {@code outrun.faults.schedules} of them, from {@code outrun.faults.seed} on. By default two
     * that are short, and together do everything to somebody and something to everybody.
     */
    static LongStream seeds() {
        long first = Long.getLong("outrun.faults.seed", 11);
        return LongStream.range(first, first + Integer.getInteger("outrun.faults.schedules", 2));
    }

    @ParameterizedTest(name = "seed {0}")
    @MethodSource("seeds")
    @Timeout(value = 6, unit = TimeUnit.MINUTES)
    void servers_hurtAsScheduled_loseDoubleAndReorderNothing(long seed) throws Exception {
        // Given
        FaultSchedule schedule = FaultSchedule.of(seed);
        schedules++;
        FaultStack servers = stack();
        long begin = System.nanoTime();
        boolean good = false;
        try (FaultRun run = new FaultRun(servers, schedule)) {

            // When
            AuditReport report = play(run);

            // Then
            assertTrue(report.isClean(), () -> describe(report) + "\n" + run.story());
            run.tidyUp();
            good = true;
            goodOnes++;
            faults += schedule.faults().size();
            events += report.events();
            LOG.info(
                    "schedule good faults={} runs={} events={} millis={} {}",
                    schedule.faults().size(),
                    report.runs(),
                    report.events(),
                    TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - begin),
                    schedule);
        } finally {
            if (!good) {
                stack = null; // whatever state it is in: the next schedule gets another one
                servers.close();
            }
        }
    }

    @AfterAll
    void stop() {
        LOG.info("schedules={} good={} faults={} events={}", schedules, goodOnes, faults, events);
        FaultStack last = stack;
        if (last != null) {
            last.close();
            last.delete();
        }
    }

    private FaultStack stack() throws Exception {
        FaultStack running = stack;
        if (running == null) {
            running = FaultStack.start(FOLDER);
            stack = running;
        }
        return running;
    }

    private static AuditReport play(FaultRun run) throws InterruptedException {
        try {
            return run.play();
        } catch (InterruptedException e) {
            throw e;
        } catch (Exception | AssertionError e) {
            throw new AssertionError(e.getMessage() + "\n" + run.story(), e);
        }
    }

    private static String describe(AuditReport report) {
        return report.differences().stream()
                .limit(20)
                .map(Difference::toString)
                .collect(
                        Collectors.joining(
                                "\n", report.found() + " differences, the first:\n", ""));
    }
}
