package dev.outrun.analytics;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.outrun.schema.analytics.Counter;
import dev.outrun.schema.analytics.Timing;
import dev.outrun.schema.analytics.WindowSum;
import dev.outrun.schema.json.WireJson;
import java.time.Duration;
import java.time.Instant;
import java.util.HexFormat;
import java.util.stream.Stream;
import org.apache.kafka.common.serialization.Serde;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

final class StoredFormatsTest {

    private static final Instant AT = Instant.parse("2026-01-02T03:04:05.678901Z");
    private static final Series SERIES = new Series("t", "q", "h");

    private final Serde<RunTrack> runs = new RunTrackSerde();
    private final Serde<WindowSum> windows = new WindowSumSerde();

    @ParameterizedTest
    @MethodSource("tracks")
    void run_stored_comesBackAsItWas(RunTrack run) {
        // When
        byte[] stored = runs.serializer().serialize("runs", run);

        // Then
        assertEquals(run, runs.deserializer().deserialize("runs", stored));
    }

    @ParameterizedTest
    @MethodSource("sums")
    void window_stored_comesBackAsItWas(WindowSum window) {
        // When
        byte[] stored = windows.serializer().serialize("windows", window);

        // Then
        WindowSum read = windows.deserializer().deserialize("windows", stored);
        assertArrayEquals(WireJson.write(window.window(true)), WireJson.write(read.window(true)));
        assertArrayEquals(stored, windows.serializer().serialize("windows", read));
    }

    @Test
    void run_storedByThisFormat_isStillRead() {
        // Given: what the first release wrote
        String stored =
                "0100017400017100016800000000000000070100000000695735a528773508"
                        + "0100000000695735a52877350800000002000100000000695735a528773508";

        // When
        RunTrack read = runs.deserializer().deserialize("runs", HexFormat.of().parseHex(stored));

        // Then
        RunTrack expected = new RunTrack(SERIES, 7, AT, AT, 2, null, AT);
        assertEquals(expected, read);
        assertEquals(
                stored, HexFormat.of().formatHex(runs.serializer().serialize("runs", expected)));
    }

    @Test
    void whatANewerFormatWrote_stopsTheReader() {
        // Given
        byte[] run = runs.serializer().serialize("runs", tracks().findFirst().orElseThrow());
        byte[] window = windows.serializer().serialize("windows", new WindowSum());
        run[0] = 2;
        window[0] = 2;

        // When
        var refused =
                assertThrows(
                        IllegalStateException.class,
                        () -> runs.deserializer().deserialize("runs", run));
        assertThrows(
                IllegalStateException.class,
                () -> windows.deserializer().deserialize("windows", window));

        // Then
        assertEquals(
                "a stored run has format 2; this analytics reads format 1:"
                        + " it is older than the one that wrote it",
                refused.getMessage());
    }

    private static Stream<RunTrack> tracks() {
        return Stream.of(
                new RunTrack(SERIES, 0, AT, AT, 0, null, null),
                new RunTrack(SERIES, 7, AT, null, 1, AT.plusNanos(1_000), null),
                new RunTrack(SERIES, 8, AT, null, 3, null, AT.plusSeconds(9)));
    }

    private static Stream<WindowSum> sums() {
        WindowSum counted = new WindowSum();
        int n = 1;
        for (Counter counter : Counter.values()) {
            counted.count(counter, n++);
        }
        WindowSum measured = new WindowSum();
        for (Timing timing : Timing.values()) {
            for (int i = 0; i < 1_000; i++) {
                measured.time(timing, Duration.ofNanos(i * 1_234_567L * n++));
            }
        }
        return Stream.of(new WindowSum(), counted, measured);
    }
}
