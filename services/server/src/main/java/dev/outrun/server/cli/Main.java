package dev.outrun.server.cli;

import dev.outrun.schema.error.OutrunException;
import dev.outrun.server.config.SettingException;
import java.util.List;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Help.Ansi;

/**
 * The program behind {@code ./outrun}.
 *
 * <p>Exit codes: 0 done; 1 a followed run did not complete, an audit found a difference, or the
 * doctor something that does not work; 2 a word on the command line, or a setting, is wrong; 3 the
 * server refused the request, cannot be reached, or could not be started.
 */
@Command(
        name = "outrun",
        description = "A durable, ordered, replayable event log for every agent run.",
        mixinStandardHelpOptions = true,
        synopsisSubcommandLabel = "COMMAND")
public final class Main {

    private static final List<Class<?>> COMMANDS =
            List.of(
                    DevCommand.class,
                    ServeCommand.class,
                    RunCommand.class,
                    QueueCommand.class,
                    ScheduleCommand.class,
                    AnalyticsCommand.class,
                    AuditCommand.class,
                    DoctorCommand.class,
                    KeyCommand.class);

    static final int RUN_NOT_COMPLETED = 1;
    static final int DIFFERENT = 1;
    static final int UNWELL = 1;
    static final int USAGE = 2;
    static final int REFUSED = 3;

    private Main() {}

    public static void main(String[] args) {
        System.exit(run(args));
    }

    /** Runs one command line to its end and returns its exit code. */
    public static int run(String... args) {
        CommandLine line = new CommandLine(new Main());
        commands(args).forEach(line::addSubcommand);
        return line.setCaseInsensitiveEnumValuesAllowed(true)
                .setExecutionExceptionHandler((failure, command, _) -> report(failure, command))
                .execute(args);
    }

    /**
     * Only the one that is named, if one is: to read what all of them take costs a third of a
     * second.
     */
    private static List<Class<?>> commands(String... args) {
        List<Class<?>> named = COMMANDS.stream().filter(command -> isNamed(command, args)).toList();
        return named.isEmpty() ? COMMANDS : named;
    }

    private static boolean isNamed(Class<?> command, String... args) {
        return args.length > 0 && command.getAnnotation(Command.class).name().equals(args[0]);
    }

    /**
     * A failure that has a code, or is about a setting, is the user's to mend: one line. Anything
     * else is ours: the stack trace.
     */
    private static int report(Exception failure, CommandLine command) {
        switch (failure) {
            case OutrunException known ->
                    say(command, known.getMessage() + " (" + known.code().code() + ")");
            case SettingException setting -> say(command, String.valueOf(setting.getMessage()));
            default -> failure.printStackTrace(command.getErr());
        }
        return failure instanceof SettingException ? USAGE : REFUSED;
    }

    /** A line for each line of the message. */
    private static void say(CommandLine command, String message) {
        message.lines()
                .forEach(line ->
                        command.getErr().println(Ansi.AUTO.string("@|red outrun:|@ ") + line));
    }
}
