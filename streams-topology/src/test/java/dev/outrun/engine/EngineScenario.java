package dev.outrun.engine;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.outrun.engine.run.OpenRun;
import dev.outrun.engine.run.TestLog;
import dev.outrun.schema.event.Event;
import dev.outrun.schema.json.WireJson;
import dev.outrun.schema.topic.KafkaAddress;
import dev.outrun.schema.topic.RecordHeaders;
import dev.outrun.schema.topic.Topics;
import dev.outrun.schema.work.Decision;
import dev.outrun.schema.work.Heartbeat;
import dev.outrun.schema.work.Interrupt;
import dev.outrun.schema.work.RunView;
import dev.outrun.schema.work.Task;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.common.header.internals.RecordHeader;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.streams.TestInputTopic;
import org.apache.kafka.streams.TestOutputTopic;
import org.apache.kafka.streams.TopologyTestDriver;
import org.apache.kafka.streams.test.TestRecord;

/**
 * An engine of one shard, stepped by hand: logs are written, workers give signs of life, time goes
 * by; what the engine has said since the last look is what the getters return.
 */
final class EngineScenario implements AutoCloseable, InstantSource {

    static final Instant START = Instant.parse("2026-01-02T03:04:05Z");

    /** No look for silent workers is further from the last than what counts as listening. */
    private static final Duration STEP = Duration.ofMillis(500);

    private final Topics topics = new Topics("test");
    private final TopologyTestDriver driver;
    private final TestInputTopic<byte[], byte[]> events;
    private final TestInputTopic<byte[], byte[]> heartbeats;
    private final TestOutputTopic<byte[], byte[]> tasks;
    private final TestOutputTopic<byte[], byte[]> decisions;
    private final TestOutputTopic<byte[], byte[]> interrupts;
    private final TestOutputTopic<byte[], byte[]> views;
    private final TestOutputTopic<byte[], byte[]> deadLetters;
    private final Map<String, TestLog> queueLogs = new HashMap<>();
    private Instant now = START;

    EngineScenario() {
        this(EngineSettings.DEFAULT);
    }

    EngineScenario(EngineSettings settings) {
        var properties =
                new EngineProperties(
                        KafkaAddress.of("unused:9092"),
                        topics,
                        Guarantee.AT_LEAST_ONCE,
                        "only",
                        1,
                        Path.of("target", "no-state"),
                        1);
        driver =
                new TopologyTestDriver(
                        EngineTopology.create(topics, settings), properties.toProperties(), START);
        var bytes = new ByteArraySerializer();
        events = driver.createInputTopic(topics.events(), bytes, bytes);
        heartbeats = driver.createInputTopic(topics.heartbeats(), bytes, bytes);
        tasks = output(topics.tasks());
        decisions = output(topics.decisions());
        interrupts = output(topics.interrupts());
        views = output(topics.runs());
        deadLetters = output(topics.deadLetters());
    }

    /** A run's log, to be written by the test. */
    TestLog log(String name) {
        return new TestLog(name, this, this::publish);
    }

    /** What a queue keeps to, said in its log. */
    void queueKeepsTo(String queue, String settings) {
        queueLogs
                .computeIfAbsent(queue, name -> log("log of " + name))
                .write(
                        "queue.changed",
                        "{\"queue\":\""
                                + queue
                                + "\",\"mode\":\"active\",\"order\":\"fifo\",\"width\":1"
                                + (settings.isEmpty() ? "" : "," + settings)
                                + "}");
    }

    /** Which runs the engine has sent tasks for, since the last look. */
    List<String> dispatched() {
        return tasks().stream().map(Task::run).toList();
    }

    /** A firehose record made by hand. */
    void publish(TestRecord<byte[], byte[]> record) {
        events.pipeInput(record);
    }

    void publish(Event event) {
        publish(recordOf(event));
    }

    static TestRecord<byte[], byte[]> recordOf(Event event) {
        var headers = new org.apache.kafka.common.header.internals.RecordHeaders();
        RecordHeaders.write(headers, event, null);
        return new TestRecord<>(
                event.run().toString().getBytes(UTF_8), event.data(), headers, event.time());
    }

    static TestRecord<byte[], byte[]> withHeader(
            TestRecord<byte[], byte[]> record, String name, String value) {
        record.headers().remove(name).add(new RecordHeader(name, value.getBytes(UTF_8)));
        return record;
    }

    void heartbeat(String worker, long session) {
        heartbeatOf(worker, WireJson.write(new Heartbeat(worker, session, false)));
    }

    void leaving(String worker, long session) {
        heartbeatOf(worker, WireJson.write(new Heartbeat(worker, session, true)));
    }

    void heartbeatOf(String worker, byte[] value) {
        heartbeats.pipeInput(worker.getBytes(UTF_8), value, now);
    }

    /** Time goes by, and the engine looks around in it. */
    void advance(Duration by) {
        Instant until = now.plus(by);
        while (now.isBefore(until)) {
            Duration left = Duration.between(now, until);
            advanceAtOnce(left.compareTo(STEP) > 0 ? STEP : left);
        }
    }

    /** Time goes by while the engine is frozen. */
    void advanceAtOnce(Duration by) {
        now = now.plus(by);
        driver.advanceWallClockTime(by);
    }

    @Override
    public Instant instant() {
        return now;
    }

    List<Task> tasks() {
        return read(tasks, Task.class);
    }

    List<Decision> decisions() {
        return read(decisions, Decision.class);
    }

    List<Interrupt> interrupts() {
        return read(interrupts, Interrupt.class);
    }

    List<RunView> views() {
        return read(views, RunView.class);
    }

    /** The records it could not take. */
    List<TestRecord<byte[], byte[]>> deadLetters() {
        return deadLetters.readRecordsToList();
    }

    /** Forgets what was said so far. */
    void hush() {
        tasks();
        decisions();
        interrupts();
        views();
        deadLetters();
    }

    /** How many runs the engine holds. */
    int openRuns() {
        int open = 0;
        try (var stored = driver.<String, OpenRun>getKeyValueStore(Shard.RUNS_STORE).all()) {
            for (; stored.hasNext(); stored.next()) {
                open++;
            }
        }
        return open;
    }

    @Override
    public void close() {
        driver.close();
    }

    private TestOutputTopic<byte[], byte[]> output(String topic) {
        var bytes = new ByteArrayDeserializer();
        return driver.createOutputTopic(topic, bytes, bytes);
    }

    private static <T> List<T> read(TestOutputTopic<byte[], byte[]> topic, Class<T> type) {
        List<T> said = new ArrayList<>();
        for (byte[] value : topic.readValuesToList()) {
            said.add(WireJson.read(value, type));
        }
        return said;
    }
}
