package dev.outrun.bench.figure;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/** What was measured: rows of named values, in an order. */
public final class Figures {

    private final Map<String, Row> rows = new LinkedHashMap<>();

    /** Values of one unit. */
    private record Row(String unit, Map<String, Double> values) {}

    /** Adds a row of ages: percentiles, in milliseconds. */
    public Figures add(String name, Ages ages) {
        Map<String, Double> values = new LinkedHashMap<>();
        values.put("p50", ages.millis(50));
        values.put("p90", ages.millis(90));
        values.put("p99", ages.millis(99));
        values.put("max", ages.maxMillis());
        rows.put(name, new Row("ms", values));
        return this;
    }

    /** Adds a row of one value. */
    public Figures add(String name, double value, String unit) {
        rows.put(name, new Row(unit, Map.of("", value)));
        return this;
    }

    /** A percentile of a row of ages, or the one value of another row: its column is empty. */
    public double value(String name, String column) {
        return Objects.requireNonNull(row(name).values().get(column), column);
    }

    private Row row(String name) {
        return Objects.requireNonNull(rows.get(name), name);
    }

    /** The median of each value of repetitions, which have the same ones. */
    public static Figures medians(List<Figures> repetitions) {
        Figures medians = new Figures();
        repetitions
                .getFirst()
                .rows
                .forEach((name, row) -> {
                    Map<String, Double> values = new LinkedHashMap<>();
                    for (String column : row.values().keySet()) {
                        double[] sorted =
                                repetitions.stream()
                                        .mapToDouble(each -> each.value(name, column))
                                        .sorted()
                                        .toArray();
                        values.put(column, sorted[sorted.length / 2]);
                    }
                    medians.rows.put(name, new Row(row.unit(), values));
                });
        return medians;
    }

    /** A line for each row. */
    public List<String> lines() {
        List<String> lines = new ArrayList<>();
        rows.forEach((name, row) -> {
            StringBuilder line = new StringBuilder("%-34s".formatted(name));
            row.values()
                    .forEach((column, value) -> line.append("%s%9.2f  ".formatted(column, value)));
            lines.add(line + row.unit());
        });
        return lines;
    }

    /** For JSON: row, then unit and values by column, or {@code value} for the one. */
    public Map<String, Map<String, Object>> toJson() {
        Map<String, Map<String, Object>> json = new LinkedHashMap<>();
        rows.forEach((name, row) -> {
            Map<String, Object> values = new LinkedHashMap<>();
            values.put("unit", row.unit());
            row.values()
                    .forEach((column, value) ->
                            values.put(column.isEmpty() ? "value" : column, value));
            json.put(name.strip(), values);
        });
        return json;
    }
}
