package dev.outrun.bench;

import dev.outrun.schema.json.WireJson;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** Other programs that measure and say so as JSON, on their last line. */
final class BenchProcess {

    private BenchProcess() {}

    /** Another bench, in a JVM like this one. */
    static Map<?, ?> run(String words, List<String> more) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(ManagementFactory.getRuntimeMXBean().getInputArguments());
        command.addAll(List.of("-cp", System.getProperty("java.class.path")));
        command.add(Bench.class.getName());
        command.addAll(List.of(words.split(" ", -1)));
        command.addAll(more);
        command.add("--json");
        return run(command);
    }

    /** Any program. */
    static Map<?, ?> run(List<String> command) throws IOException, InterruptedException {
        Process process =
                new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
        String json;
        try (Stream<String> lines = process.inputReader(StandardCharsets.UTF_8).lines()) {
            json = lines.reduce("", (before, line) -> line);
        }
        int exit = process.waitFor();
        if (!json.startsWith("{")) {
            throw new IllegalStateException(
                    command + " has ended with " + exit + ", saying " + json);
        }
        return WireJson.read(json.getBytes(StandardCharsets.UTF_8), Map.class);
    }
}
