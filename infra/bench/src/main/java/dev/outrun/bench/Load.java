package dev.outrun.bench;

import dev.outrun.bench.load.Tick;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;

/** What is written: on every command that has a load at a rate. */
final class Load {

    @Option(
            names = "--rate",
            defaultValue = "1000",
            description = "Events due a second (default: ${DEFAULT-VALUE}).")
    int rate;

    @Option(
            names = "--bytes",
            defaultValue = "300",
            description = "Of an event's data (default: ${DEFAULT-VALUE}).")
    int bytes;

    @Option(
            names = "--writers",
            defaultValue = "16",
            description =
                    "Connections that write, each a transaction at a time (default:"
                            + " ${DEFAULT-VALUE}).")
    int writers;

    /** Refuses what cannot be. */
    void check(CommandSpec command) {
        Repetitions.check(command, "--rate", rate, 1);
        Repetitions.check(command, "--bytes", bytes, 1);
        Repetitions.check(command, "--writers", writers, 1);
    }

    /** The events. */
    Tick tick() {
        return new Tick(bytes);
    }

    /** How many are due in so many seconds. */
    long events(int seconds) {
        return (long) rate * seconds;
    }
}
