package dev.outrun.bench;

import dev.outrun.bench.stack.BenchServers;
import dev.outrun.server.OutrunConfig;
import dev.outrun.server.config.Configuration;
import dev.outrun.server.config.SettingException;
import java.io.IOException;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

/** On which servers a bench is: on every command that can be on others than its own. */
final class Servers {

    @Option(
            names = "--config",
            paramLabel = "FILE",
            description =
                    "An outrun.yaml: a database and topics are made on its Postgres and Kafka, and"
                            + " removed (default: servers of the bench's own, on this machine).")
    @Nullable Path file;

    /**
     * Starts or borrows them.
     *
     * @throws ParameterException for a file that {@code ./outrun serve} would not take either
     */
    BenchServers open(CommandSpec command) throws IOException, SQLException {
        return file == null ? BenchServers.own() : BenchServers.on(config(command, file));
    }

    /** Whether they are the bench's own. */
    boolean areOwn() {
        return file == null;
    }

    /** The same for another bench. */
    List<String> words() {
        return file == null ? List.of() : List.of("--config", file.toString());
    }

    private static OutrunConfig config(CommandSpec command, Path file) {
        try {
            return Configuration.load(Map.of(), Optional.of(file), System.getenv(), Map.of())
                    .config();
        } catch (SettingException e) {
            throw new ParameterException(command.commandLine(), "--config: " + e.getMessage(), e);
        }
    }
}
