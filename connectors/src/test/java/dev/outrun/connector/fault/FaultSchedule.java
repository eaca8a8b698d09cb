package dev.outrun.connector.fault;

import dev.outrun.connector.ConnectorConfig.SourceSettings;
import dev.outrun.connector.fault.Fault.Kind;
import dev.outrun.connector.fault.Fault.Pace;
import dev.outrun.connector.fault.Fault.Target;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * What is done, in order; all of it follows from the seed.
 *
 * @param source how the connector is fed
 */
record FaultSchedule(long seed, SourceSettings source, List<Fault> faults) {

    static final int FAULTS_MIN = 4;
    static final int FAULTS_MAX = 8;

    /** What a producer waits for an answer, with some room on both sides. */
    static final Duration LONG_FREEZE_MIN = Duration.ofMillis(10_500);

    static final Duration LONG_FREEZE_MAX = Duration.ofSeconds(13);
    static final Duration FREEZE_MIN = Duration.ofMillis(20);
    static final Duration FREEZE_MAX = Duration.ofSeconds(2);

    private static final int PUBLISHED_MIN = 300;
    private static final int PUBLISHED_MAX = 5_000;

    /** A connector needs two seconds to start, in which some 4,000 are written. */
    private static final int WRITTEN_MAX = 5_000;

    FaultSchedule {
        faults = List.copyOf(faults);
    }

    static FaultSchedule of(long seed) {
        Random random = new Random(seed);
        random.nextLong(); // the first numbers of seeds in a row are much alike
        return new FaultSchedule(
                seed,
                source(seed),
                IntStream.range(0, random.nextInt(FAULTS_MIN, FAULTS_MAX + 1))
                        .mapToObj(_ -> fault(random))
                        .toList());
    }

    /** One slot half of the time, and two or none by turns. */
    private static SourceSettings source(long seed) {
        return switch (Math.floorMod(seed, 4)) {
            case 2 -> SourceSettings.of(SourceSettings.Kind.REPLICATION, 2);
            case 3 -> SourceSettings.of(SourceSettings.Kind.POLLING, 1);
            default -> SourceSettings.DEFAULT;
        };
    }

    private static Fault fault(Random random) {
        Pace pace = pace(random);
        Target target =
                switch (random.nextInt(10)) {
                    case 0, 1, 2, 3 -> Target.CONNECTOR;
                    case 4, 5, 6 -> Target.BROKER;
                    default -> Target.POSTGRES;
                };
        return switch (random.nextInt(20)) {
            case 0, 1, 2, 3, 4, 5, 6, 7 -> new Fault(pace, target, Kind.KILL, Duration.ZERO);
            case 8, 9, 10, 11, 12, 13, 14 -> new Fault(pace, target, Kind.FREEZE, freeze(random));
            default ->
                    new Fault(
                            pace,
                            target,
                            target == Target.POSTGRES && random.nextBoolean()
                                    ? Kind.STOP_AT_ONCE
                                    : Kind.STOP,
                            Duration.ZERO);
        };
    }

    private static Pace pace(Random random) {
        return switch (random.nextInt(20)) {
            case 0, 1, 2 -> new Pace(Pace.Unit.WRITTEN, 0);
            case 3, 4, 5, 6, 7, 8, 9, 10 ->
                    new Pace(Pace.Unit.WRITTEN, random.nextInt(1, WRITTEN_MAX));
            default -> new Pace(Pace.Unit.PUBLISHED, random.nextInt(PUBLISHED_MIN, PUBLISHED_MAX));
        };
    }

    /** Short ones as likely as ten times longer ones; one in 25 is longer than a request may be. */
    private static Duration freeze(Random random) {
        if (random.nextInt(25) == 0) {
            return Duration.ofMillis(
                    random.nextLong(LONG_FREEZE_MIN.toMillis(), LONG_FREEZE_MAX.toMillis()));
        }
        double times = (double) FREEZE_MAX.toMillis() / FREEZE_MIN.toMillis();
        return Duration.ofMillis(
                Math.round(FREEZE_MIN.toMillis() * Math.pow(times, random.nextDouble())));
    }

    @Override
    public String toString() {
        return faults.stream()
                .map(Fault::toString)
                .collect(
                        Collectors.joining(
                                "; ",
                                "seed %d, %s over %d: "
                                        .formatted(seed, source.kind(), source.slots()),
                                ""));
    }
}
