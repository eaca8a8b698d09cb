package dev.outrun.bench;

import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.profile.GCProfiler;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** The functions that every event goes through: time and allocation of each, by JMH. */
@Command(
        name = "micro",
        description = "The functions that every event goes through: how long, how much garbage.",
        mixinStandardHelpOptions = true)
final class MicroCommand implements Callable<Integer> {

    private static final int ITERATIONS = 5;
    private static final TimeValue LENGTH = TimeValue.seconds(2);

    @Option(
            names = "--only",
            defaultValue = ".*",
            description = "Those whose names have this in them (default: ${DEFAULT-VALUE}).")
    String only;

    @Override
    public Integer call() throws Exception {
        new Runner(
                        new OptionsBuilder()
                                .include("dev.outrun.*" + only)
                                .mode(Mode.AverageTime)
                                .timeUnit(TimeUnit.NANOSECONDS)
                                .forks(1)
                                .warmupIterations(ITERATIONS)
                                .warmupTime(LENGTH)
                                .measurementIterations(ITERATIONS)
                                .measurementTime(LENGTH)
                                .addProfiler(GCProfiler.class)
                                .build())
                .run();
        return 0;
    }
}
