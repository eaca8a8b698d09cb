package dev.outrun.bench;

import dev.outrun.schema.json.WireJson;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.OptionalDouble;

/** The figures of one time, bench by bench, in a file. */
final class History {

    private final Map<String, Object> benches = new LinkedHashMap<>();

    /** With what the file has, if there is one. */
    static History read(Path file) throws IOException {
        History history = new History();
        if (Files.exists(file)) {
            Map<?, ?> kept = WireJson.read(Files.readAllBytes(file), Map.class);
            kept.forEach((words, bench) -> history.benches.put(words.toString(), bench));
        }
        return history;
    }

    /**
     * Keeps a bench, instead of what there was of it.
     *
     * @param json what it has said
     * @param figures those that have a target
     */
    void keep(String words, Map<?, ?> json, Map<String, Double> figures) {
        Map<String, Object> bench = new LinkedHashMap<>();
        for (String name : List.of("at", "machine", "ratios")) {
            bench.put(name, Objects.requireNonNull(json.get(name), name));
        }
        bench.put("figures", figures);
        benches.put(words, bench);
    }

    /** The figure that a target had. */
    OptionalDouble figure(Target target) {
        return benches.get(target.words()) instanceof Map<?, ?> bench
                        && bench.get("figures") instanceof Map<?, ?> figures
                        && figures.get(target.what()) instanceof Number figure
                ? OptionalDouble.of(figure.doubleValue())
                : OptionalDouble.empty();
    }

    void write(Path file) throws IOException {
        Files.writeString(
                file,
                WireJson.mapper()
                        .writerWithDefaultPrettyPrinter()
                        .writeValueAsString(benches)
                        .concat("\n"));
    }
}
