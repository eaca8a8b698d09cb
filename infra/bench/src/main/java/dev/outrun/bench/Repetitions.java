package dev.outrun.bench;

import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

/** How often something is measured, and for how long: on every command that repeats itself. */
final class Repetitions {

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

    @Option(
            names = "--repetitions",
            defaultValue = "3",
            description = "How many (default: ${DEFAULT-VALUE}).")
    int count;

    /** Refuses what cannot be. */
    void check(CommandSpec command) {
        check(command, "--seconds", seconds, 1);
        check(command, "--warm-up", warmUp, 0);
        check(command, "--repetitions", count, 1);
    }

    /** Refuses an option of the command's that is less than it may be. */
    static void check(CommandSpec command, String name, int value, int least) {
        if (value < least) {
            throw new ParameterException(
                    command.commandLine(), name + " is " + value + ", less than " + least);
        }
    }
}
