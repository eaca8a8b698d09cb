package dev.outrun.analytics;

import dev.outrun.schema.analytics.Window;
import dev.outrun.schema.analytics.WindowKey;
import dev.outrun.schema.json.WireJson;
import dev.outrun.schema.topic.KafkaAddress;
import dev.outrun.schema.topic.Topics;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.streams.TestInputTopic;
import org.apache.kafka.streams.TestOutputTopic;
import org.apache.kafka.streams.TopologyTestDriver;
import org.apache.kafka.streams.test.TestRecord;

/**
 * Analytics of one shard, stepped by hand: logs are written, time goes by; the windows it has said
 * since the last look are what {@link #said} returns.
 */
final class AnalyticsScenario implements AutoCloseable, InstantSource {

    /** A whole minute. */
    static final Instant START = Instant.parse("2026-01-02T03:04:00Z");

    static final Series SERIES = new Series("default", "default", "echo");
    static final Duration GRACE = Duration.ofMinutes(5);

    private final Topics topics = new Topics("test");
    private final TopologyTestDriver driver;
    private final TestInputTopic<byte[], byte[]> events;
    private final TestOutputTopic<byte[], byte[]> output;
    private final TestOutputTopic<byte[], byte[]> deadLetters;
    private Instant now = START;

    AnalyticsScenario() {
        var properties =
                new AnalyticsProperties(
                        KafkaAddress.of("unused:9092"),
                        topics,
                        "only",
                        1,
                        Path.of("target", "no-state"),
                        1);
        driver =
                new TopologyTestDriver(
                        AnalyticsTopology.create(topics, new AnalyticsSettings(GRACE)),
                        properties.toProperties(),
                        START);
        var bytes = new ByteArraySerializer();
        events = driver.createInputTopic(topics.events(), bytes, bytes);
        output = output(topics.windows());
        deadLetters = output(topics.deadLetters());
    }

    /** A run's log, to be written by the test. */
    RunLog log(String name) {
        return log(name, SERIES);
    }

    RunLog log(String name, Series series) {
        return new RunLog(name, series, this, event -> publish(RunLog.recordOf(event)));
    }

    /** A firehose record made by hand. */
    void publish(TestRecord<byte[], byte[]> record) {
        events.pipeInput(record);
    }

    /** Time goes by, second by second. */
    AnalyticsScenario advance(Duration by) {
        for (Instant until = now.plus(by); now.isBefore(until); ) {
            Duration left = Duration.between(now, until);
            Duration step =
                    left.compareTo(Duration.ofSeconds(1)) > 0 ? Duration.ofSeconds(1) : left;
            now = now.plus(step);
            driver.advanceWallClockTime(step);
        }
        return this;
    }

    /** The database's clock is set, ours is not. */
    void databaseClock(Instant other) {
        now = other;
    }

    @Override
    public Instant instant() {
        return now;
    }

    /** What was said since the last look. */
    Said said() {
        Map<WindowKey, Window> windows = new LinkedHashMap<>();
        for (var record : output.readKeyValuesToList()) {
            windows.put(
                    WireJson.read(record.key, WindowKey.class),
                    WireJson.read(record.value, Window.class));
        }
        return new Said(windows);
    }

    /** The records it could not take, since the last look. */
    List<TestRecord<byte[], byte[]>> deadLetters() {
        return deadLetters.readRecordsToList();
    }

    private TestOutputTopic<byte[], byte[]> output(String topic) {
        var bytes = new ByteArrayDeserializer();
        return driver.createOutputTopic(topic, bytes, bytes);
    }

    /** How many a store has. */
    int stored(String store) {
        int stored = 0;
        try (var all = driver.<String, Object>getKeyValueStore(store).all()) {
            for (; all.hasNext(); all.next()) {
                stored++;
            }
        }
        return stored;
    }

    @Override
    public void close() {
        driver.close();
    }
}
