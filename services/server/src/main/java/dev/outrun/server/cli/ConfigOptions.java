package dev.outrun.server.cli;

import dev.outrun.server.config.Configuration;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** What a process of its own is told on the command line: where its file is, and what it is not. */
final class ConfigOptions {

    @Option(
            names = "--config",
            paramLabel = "FILE",
            description = "The settings, as docs/CONFIG.md lists them (default: none of them set).")
    @Nullable Path file;

    @Option(
            names = "--roles",
            paramLabel = "ROLES",
            description = "Some of api,connector,engine,worker, as the setting roles.")
    @Nullable String roles;

    @Option(
            names = "--instance",
            paramLabel = "NAME",
            description = "This process's name, as the setting instance.")
    @Nullable String instance;

    @Option(
            names = "--port",
            paramLabel = "PORT",
            description = "Where it listens, as the setting http.port.")
    @Nullable String port;

    @Option(
            names = "--set",
            paramLabel = "SETTING=VALUE",
            description = "Any setting, as in --set worker.concurrency=10; may be repeated.")
    Map<String, String> settings = new LinkedHashMap<>();

    Configuration.Loaded load() {
        Map<String, String> flags = new LinkedHashMap<>(settings);
        put(flags, "roles", roles);
        put(flags, "instance", instance);
        put(flags, "http.port", port);
        return Configuration.load(Map.of(), Optional.ofNullable(file), System.getenv(), flags);
    }

    static void put(Map<String, String> flags, String path, @Nullable String value) {
        if (value != null) {
            flags.put(path, value);
        }
    }
}
