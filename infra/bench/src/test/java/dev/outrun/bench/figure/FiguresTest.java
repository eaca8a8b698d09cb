package dev.outrun.bench.figure;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

final class FiguresTest {

    @Test
    void medians_areOfEachValueByItself() {
        Figures medians = Figures.medians(List.of(figures(3, 10), figures(1, 30), figures(2, 20)));
        assertEquals(2, medians.value("rate", ""));
        assertEquals(20, medians.value("age", "p50"), 0.1);
    }

    @Test
    void ages_ofAnotherProcess_areTheSame() {
        Ages ages = new Ages();
        for (int micros = 1; micros <= 100_000; micros++) {
            ages.add(micros);
        }
        Ages same = Ages.parse(ages.toText());
        assertEquals(ages.count(), same.count());
        assertEquals(ages.millis(99), same.millis(99));
        assertEquals(99, same.millis(99), 0.1);
    }

    @Test
    void json_hasRowsColumnsAndUnits() {
        var json = figures(3, 10).toJson();
        assertEquals(List.of("rate", "age"), List.copyOf(json.keySet()));
        assertEquals(Map.of("unit", "runs/s", "value", 3.0), json.get("rate"));
        json.forEach((row, values) ->
                assertEquals(row.equals("age") ? 5 : 2, values.size(), values::toString));
    }

    private static Figures figures(double rate, long millis) {
        Ages ages = new Ages();
        ages.add(millis * 1_000);
        return new Figures().add("rate", rate, "runs/s").add("age", ages);
    }
}
