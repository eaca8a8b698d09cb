package dev.outrun.testkit.simulation;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.outrun.testkit.simulation.Simulation.Result;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Whatever is done to it, nothing is lost, doubled, forgotten or out of its turn. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Execution(ExecutionMode.CONCURRENT)
@Tag("simulation")
final class SimulationTest {

    private static final Logger LOG = LoggerFactory.getLogger(SimulationTest.class);

    private static final long FIRST = Long.getLong("outrun.simulate.seed", 1);
    private static final int SEEDS = Integer.getInteger("outrun.simulate.seeds", 10_000);

    /** Seeds in one test. */
    private static final int TOGETHER = 500;

    /** After so many, what they have in common is known. */
    private static final int SHOWN_MAX = 5;

    private final LongAdder seeds = new LongAdder();
    private final LongAdder runs = new LongAdder();
    private final LongAdder events = new LongAdder();
    private final LongAdder bad = new LongAdder();

    static LongStream firsts() {
        return LongStream.iterate(FIRST, seed -> seed < FIRST + SEEDS, seed -> seed + TOGETHER);
    }

    /** {@code outrun.simulate.seeds} of them, from {@code outrun.simulate.seed} on. */
    @ParameterizedTest(name = "seeds from {0}")
    @MethodSource("firsts")
    @Timeout(value = 10, unit = TimeUnit.MINUTES)
    void anyProgram_endsWell(long first) {
        List<Result> found = new ArrayList<>();
        long end = Math.min(first + TOGETHER, FIRST + SEEDS);
        for (long seed = first; seed < end && found.size() < SHOWN_MAX; seed++) {
            Result result = Simulation.of(seed);
            seeds.increment();
            runs.add(result.runs());
            events.add(result.events());
            if (!result.isGood()) {
                bad.increment();
                found.add(result);
            }
        }
        assertEquals(List.of(), found);
    }

    @Test
    void program_ofASeed_isAlwaysTheSame() {
        for (long seed = FIRST; seed < FIRST + 10; seed++) {
            assertEquals(Simulation.of(seed), Simulation.of(seed));
        }
    }

    @AfterAll
    void sum() {
        LOG.info("seeds={} bad={} runs={} events={}", seeds, bad, runs, events);
    }
}
