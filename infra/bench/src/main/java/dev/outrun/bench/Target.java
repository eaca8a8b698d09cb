package dev.outrun.bench;

import dev.outrun.bench.reader.Hops;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * A figure that a bench is to reach.
 *
 * @param what is measured, for people
 * @param words of the bench
 * @param figure where it is in the bench's JSON: the part, its row, the column; or a ratio's name
 * @param bound that it must not be on the wrong side of
 * @param atMost whether it is to be no more than the bound, or else no less
 */
record Target(String what, String words, List<String> figure, double bound, boolean atMost) {

    private static final String LIVE = "latency --rate 1000";
    private static final String FASTER = "latency --rate 5000";
    private static final String SINGLE = "drain --batch 1";
    private static final String TENS = "drain --batch 10 --events 1000000";
    private static final String PACED = "jobs --rate 100 --run-topics none";
    private static final String MANY = "topics";
    private static final String CLIENTS = "sse";
    private static final String CROWD = "sse --runs 1 --rate 10";
    private static final String RESTART = "restart --repetitions 5";

    private static final double NOISE = 1.25;

    /** What Outrun has to reach, on two cores, everything on the one machine. */
    static final List<Target> ALL =
            List.of(
                    outrun(LIVE, LiveLoad.FIREHOSE, "p50", 3),
                    outrun(LIVE, LiveLoad.FIREHOSE, "p99", 20),
                    outrun(LIVE, LiveLoad.RUN_TOPICS, "p50", 3),
                    outrun(LIVE, LiveLoad.RUN_TOPICS, "p99", 20),
                    outrun(LIVE, LiveLoad.STREAMS, "p50", 6),
                    outrun(LIVE, LiveLoad.STREAMS, "p99", 40),
                    outrun(FASTER, LiveLoad.FIREHOSE, "p50", 8),
                    outrun(FASTER, LiveLoad.FIREHOSE, "p99", 60),
                    outrun(FASTER, LiveLoad.RUN_TOPICS, "p50", 8),
                    outrun(FASTER, LiveLoad.RUN_TOPICS, "p99", 60),
                    most("times", FASTER, 1.2, LatencyCommand.TO_UNREAD + "p50"),
                    least("events/s", SINGLE, 60_000, "drain", DrainCommand.PUBLISHED),
                    least("of a bare reader", SINGLE, 0.5, DrainCommand.TO_READER),
                    least("events/s", TENS, 120_000, "drain", DrainCommand.PUBLISHED),
                    least("of bare producers", TENS, 0.5, DrainCommand.TO_PRODUCERS),
                    most("ms", PACED, 15, "jobs", Hops.WHOLE, "p50"),
                    most("ms", PACED, 60, "jobs", Hops.WHOLE, "p99"),
                    least(
                            "runs/s",
                            "jobs --rate 0 --open 300 --run-topics none",
                            1_500,
                            "jobs",
                            JobsCommand.COMPLETED),
                    least("runs/s", "jobs --rate 0 --open 200", 200, "jobs", JobsCommand.COMPLETED),
                    most("times 100 runs'", MANY, 1.2, LiveLoad.FIREHOSE + ", p50"),
                    most("ms", MANY, 15, "10000 runs", LiveLoad.RUN_TOPICS, "p50"),
                    most("ms", MANY, 80, "10000 runs", LiveLoad.RUN_TOPICS, "p99"),
                    most("ms", CLIENTS, 50, "clients", SseCommand.CLIENT, "p99"),
                    most("KiB", CLIENTS, 20, "memory", SseCommand.HEAP),
                    most("ms", CROWD, 500, "clients", SseCommand.CLIENT, "p99"),
                    most("ms", RESTART, 3_000, "connector", RestartCommand.AFTER_KILL),
                    most("ms", RESTART, 5_000, "dev", RestartCommand.DEV + "first start"));

    private static Target outrun(String words, String row, String percentile, double bound) {
        return most("ms", words, bound, "outrun", row, percentile);
    }

    private static Target most(String unit, String words, double bound, String... figure) {
        return of(unit, words, bound, true, figure);
    }

    private static Target least(String unit, String words, double bound, String... figure) {
        return of(unit, words, bound, false, figure);
    }

    private static Target of(
            String unit, String words, double bound, boolean atMost, String... figure) {
        List<String> path = List.of(figure);
        String name =
                path.size() == 1
                        ? path.getFirst()
                        : String.join(", ", path.subList(1, path.size()));
        return new Target(name + ", " + unit, words, path, bound, atMost);
    }

    /** The figure, from the JSON of its bench. */
    double in(Map<?, ?> json) {
        return value(json, figure);
    }

    /** A figure from the JSON of a bench. */
    static double value(Map<?, ?> json, List<String> figure) {
        if (figure.size() == 1) {
            return number(json, "ratios", figure.getFirst());
        }
        Map<?, ?> part = (Map<?, ?>) at(json, "parts", figure.getFirst());
        Object rows = part.containsKey("medians") ? part.get("medians") : part;
        return number(rows, figure.get(1), figure.size() == 2 ? "value" : figure.get(2));
    }

    private static double number(Object json, String... path) {
        return ((Number) at(json, path)).doubleValue();
    }

    /** What is in JSON under these names, one below the other. */
    static Object at(Object json, String... path) {
        Object at = json;
        for (String name : path) {
            at = Objects.requireNonNull(((Map<?, ?>) at).get(name), name);
        }
        return at;
    }

    /** Whether its bench starts and kills the servers. */
    boolean isOnOwnServersOnly() {
        return words.equals(RESTART);
    }

    /** Whether this figure is on the right side of the bound. */
    boolean isReached(double value) {
        return atMost ? value <= bound : value >= bound;
    }

    /** Whether this figure is worse than one before by more than noise is on the same machine. */
    boolean isRegression(double value, double before) {
        return atMost ? value > before * NOISE : value * NOISE < before;
    }

    /** How much room there is: more than 1 is better than the bound. */
    double ratio(double value) {
        return atMost ? bound / value : value / bound;
    }
}
