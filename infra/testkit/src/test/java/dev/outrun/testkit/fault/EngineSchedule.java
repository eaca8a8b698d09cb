package dev.outrun.testkit.fault;

import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * What is done to which engine, in order; all of it follows from the seed.
 *
 * @param engines how many there are
 */
record EngineSchedule(long seed, int engines, List<Fault> faults) {

    /** More engines than shards, half of the time: one of them waits to take over. */
    static final int ENGINES_MIN = 2;

    static final int ENGINES_MAX = 3;
    static final int FAULTS_MIN = 3;
    static final int FAULTS_MAX = 6;

    private static final int ENDS_MAX = 60;
    private static final Duration FREEZE_MIN = Duration.ofMillis(50);
    private static final Duration FREEZE_MAX = Duration.ofSeconds(3);

    /** More than an engine may be silent before its shards are another's. */
    private static final Duration LONG_FREEZE = Duration.ofSeconds(8);

    EngineSchedule {
        faults = List.copyOf(faults);
    }

    /**
     * One thing done to one engine.
     *
     * @param ends after so many more runs have ended
     * @param freeze for how long it is held; null: it is killed
     */
    record Fault(int ends, int engine, @Nullable Duration freeze) {

        @Override
        public String toString() {
            return "after %d ends %s engine %d"
                    .formatted(
                            ends,
                            freeze == null ? "kill" : "freeze for " + freeze.toMillis() + " ms",
                            engine);
        }
    }

    static EngineSchedule of(long seed) {
        Random random = new Random(seed);
        random.nextLong(); // the first numbers of seeds in a row are much alike
        int engines = random.nextInt(ENGINES_MIN, ENGINES_MAX + 1);
        return new EngineSchedule(
                seed,
                engines,
                IntStream.range(0, random.nextInt(FAULTS_MIN, FAULTS_MAX + 1))
                        .mapToObj(_ -> fault(random, engines))
                        .toList());
    }

    /** Four of five kill; a tenth of the freezes are long. */
    private static Fault fault(Random random, int engines) {
        boolean kills = random.nextInt(5) > 0;
        boolean isLong = random.nextInt(10) == 0;
        Duration some =
                Duration.ofMillis(random.nextLong(FREEZE_MIN.toMillis(), FREEZE_MAX.toMillis()));
        return new Fault(
                random.nextInt(ENDS_MAX),
                random.nextInt(engines),
                kills ? null : isLong ? LONG_FREEZE : some);
    }
}
