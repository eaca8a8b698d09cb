package dev.outrun.bench;

import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

/** How often something is measured, and how that is said: on every command. */
final class Repetitions {

    @Option(
            names = "--repetitions",
            defaultValue = "3",
            description = "How many (default: ${DEFAULT-VALUE}).")
    int count;

    @Option(names = "--json", description = "Say all of it in the end, as JSON.")
    boolean json;

    /** Refuses what cannot be. */
    void check(CommandSpec command) {
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
