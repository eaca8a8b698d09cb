package dev.outrun.bench;

import dev.outrun.bench.figure.Figures;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;

/** For how long something is measured: on every command that has a load at a rate. */
final class Timing {

    @Option(
            names = "--seconds",
            defaultValue = "20",
            description = "How long each repetition takes (default: ${DEFAULT-VALUE}).")
    int seconds;

    @Option(
            names = "--warm-up",
            defaultValue = "60",
            description = "Seconds before the first one (default: ${DEFAULT-VALUE}).")
    int warmUp;

    /** Measures for so many seconds. */
    @FunctionalInterface
    interface Measurement {

        Figures measure(int seconds) throws Exception;
    }

    /** Refuses what cannot be. */
    void check(CommandSpec command) {
        Repetitions.check(command, "--seconds", seconds, 1);
        Repetitions.check(command, "--warm-up", warmUp, 0);
    }

    /** Warms up, which is not counted, and measures as often as the report wants. */
    Figures measure(Report report, String part, Measurement measurement) throws Exception {
        if (warmUp > 0) {
            report.progress(part + ": warm-up, " + warmUp + " s");
            measurement.measure(warmUp);
        }
        return report.repeat(part, () -> measurement.measure(seconds));
    }
}
