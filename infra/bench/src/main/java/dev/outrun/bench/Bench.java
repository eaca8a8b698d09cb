package dev.outrun.bench;

import picocli.CommandLine;
import picocli.CommandLine.Command;

/** {@code ./outrun bench}. */
@Command(
        name = "outrun bench",
        description = "Measures Outrun.",
        mixinStandardHelpOptions = true,
        subcommands = {
            LatencyCommand.class,
            DrainCommand.class,
            JobsCommand.class,
            SseCommand.class,
            TopicsCommand.class,
            RestartCommand.class,
            HistoryCommand.class,
            CurvesCommand.class,
            MicroCommand.class,
            DebeziumCommand.class,
            PeersCommand.class,
            AllCommand.class
        })
public final class Bench {

    Bench() {}

    static CommandLine commandLine() {
        return new CommandLine(new Bench()).setCaseInsensitiveEnumValuesAllowed(true);
    }

    /** Exits with 0, with 1 where a figure is none, and with 2 for words that mean nothing. */
    public static void main(String[] args) {
        System.exit(commandLine().execute(args));
    }
}
