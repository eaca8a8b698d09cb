package dev.outrun.analytics;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.outrun.schema.analytics.Counter;
import dev.outrun.schema.analytics.Timing;
import dev.outrun.schema.analytics.Window;
import dev.outrun.schema.analytics.WindowKey;
import dev.outrun.schema.analytics.WindowSum;
import dev.outrun.schema.event.Event;
import dev.outrun.schema.json.WireJson;
import dev.outrun.schema.topic.RecordHeaders;
import dev.outrun.schema.topic.Topics;
import dev.outrun.teststack.TestStack;
import dev.outrun.teststack.TestStackExtension;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.errors.StreamsUncaughtExceptionHandler.StreamThreadExceptionResponse;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What the test driver cannot show: partitions, commits, and what a crash between them does. */
@ExtendWith(TestStackExtension.class)
final class AnalyticsOnBrokerTest {

    private static final int SHARDS = 3;
    private static final int RUNS = 300;
    private static final int CRASHES = 2;
    private static final Duration DEADLINE = Duration.ofSeconds(90);
    private static final Instant START = Instant.parse("2026-01-02T03:04:00Z");

    @TempDir private Path stateDir = Path.of("");

    @ParameterizedTest
    @ValueSource(longs = {1, 2})
    void windows_whateverCrashesInBetween_haveEachEventOnce(long seed, TestStack stack)
            throws Exception {
        // Given
        Topics topics = stack.topics();
        try (var admin = Admin.create(server(stack))) {
            admin.createTopics(
                            List.of(
                                    new NewTopic(topics.events(), SHARDS, (short) 1),
                                    new NewTopic(topics.windows(), SHARDS, (short) 1)))
                    .all()
                    .get();
        }
        var crashes = new AtomicInteger();
        var properties = new AnalyticsProperties(stack.kafka(), topics, "only", 1, stateDir, 1);
        var settings = new AnalyticsSettings(Duration.ofDays(7));
        try (var streams =
                new KafkaStreams(
                        AnalyticsTopology.create(topics, settings),
                        properties.toProperties(),
                        new CrashingTime(seed, CRASHES))) {
            streams.setUncaughtExceptionHandler(e -> {
                crashes.incrementAndGet();
                return StreamThreadExceptionResponse.REPLACE_THREAD;
            });
            streams.start();

            // When
            WindowSum[] expected = publish(stack, seed);

            // Then
            Map<WindowKey, Window> said = new HashMap<>();
            long wanted = 0;
            for (WindowSum each : expected) {
                wanted += each.count(Counter.EVENTS);
            }
            read(stack, said, wanted);
            for (int shard = 0; shard < SHARDS; shard++) {
                WindowSum sum = new WindowSum();
                for (var each : said.entrySet()) {
                    if (each.getKey().shard() == shard) {
                        sum.add(each.getValue());
                    }
                }
                assertArrayEquals(
                        WireJson.write(expected[shard].window(false)),
                        WireJson.write(sum.window(false)),
                        "shard " + shard + " of seed " + seed);
            }
            assertEquals(wanted, events(said));
            assertEquals(CRASHES, crashes.get(), "crashes of seed " + seed);
        }
    }

    /** Writes runs to every shard, and says what all windows of each must add up to. */
    private static WindowSum[] publish(TestStack stack, long seed) throws Exception {
        var bytes = new ByteArraySerializer();
        var random = new SplittableRandom(seed);
        WindowSum[] expected =
                IntStream.range(0, SHARDS).mapToObj(i -> new WindowSum()).toArray(WindowSum[]::new);
        try (var producer = new KafkaProducer<>(server(stack), bytes, bytes)) {
            var clock = new Instant[] {START};
            for (int run = 0; run < RUNS; run++) {
                int shard = random.nextInt(SHARDS);
                WindowSum sum = expected[shard];
                RunLog log =
                        new RunLog(
                                "run " + run,
                                new Series("default", "q" + run % 3, "echo"),
                                () -> clock[0],
                                event -> {
                                    sum.count(Counter.EVENTS, 1);
                                    sum.count(Counter.BYTES, event.data().length);
                                    send(producer, stack.topics(), shard, event);
                                });
                Duration step = Duration.ofMillis(random.nextInt(1, 900));
                Instant requested = clock[0];
                log.requested();
                sum.count(Counter.REQUESTED, 1);
                clock[0] = clock[0].plus(step);
                log.started();
                sum.count(Counter.STARTED, 1);
                sum.time(Timing.QUEUE_WAIT, step);
                int tokens = random.nextInt(30);
                for (int token = 0; token < tokens; token++) {
                    clock[0] = clock[0].plusMillis(3);
                    log.write("token.delta", "\"" + token + "\"");
                }
                if (tokens > 0) {
                    sum.time(Timing.FIRST_EVENT, Duration.ofMillis(3));
                }
                log.completed();
                sum.count(Counter.COMPLETED, 1);
                sum.time(Timing.DURATION, Duration.between(requested, clock[0]));
                if (run % 50 == 0) {
                    log.replayFrom(0); // a stray: the expected counts must not have it
                    for (int i = 0; i < tokens + 3; i++) {
                        sum.count(Counter.EVENTS, -1);
                    }
                    sum.count(Counter.BYTES, -log.bytes());
                }
                producer.flush();
            }
        }
        return expected;
    }

    private static void send(
            KafkaProducer<byte[], byte[]> producer, Topics topics, int shard, Event event) {
        var record =
                new ProducerRecord<>(
                        topics.events(),
                        shard,
                        event.time().toEpochMilli(),
                        event.run().toString().getBytes(UTF_8),
                        event.data());
        RecordHeaders.write(record.headers(), event, null);
        var _ = producer.send(record);
    }

    /** Reads what is committed until there are so many events. */
    private static void read(TestStack stack, Map<WindowKey, Window> said, long wanted) {
        Map<String, Object> options = new HashMap<>(server(stack));
        options.put("isolation.level", "read_committed");
        options.put("auto.offset.reset", "earliest");
        var bytes = new ByteArrayDeserializer();
        try (var consumer = new KafkaConsumer<>(options, bytes, bytes)) {
            consumer.assign(
                    IntStream.range(0, SHARDS)
                            .mapToObj(i -> new TopicPartition(stack.topics().windows(), i))
                            .toList());
            long deadline = System.nanoTime() + DEADLINE.toNanos();
            while (events(said) < wanted) {
                if (System.nanoTime() > deadline) {
                    throw new AssertionError(events(said) + " events, not " + wanted);
                }
                consumer.poll(Duration.ofMillis(100))
                        .forEach(record -> {
                            WindowKey key = WireJson.read(record.key(), WindowKey.class);
                            assertEquals(record.partition(), key.shard());
                            said.put(key, WireJson.read(record.value(), Window.class));
                        });
            }
        }
    }

    private static long events(Map<WindowKey, Window> said) {
        return said.values().stream().mapToLong(Window::events).sum();
    }

    private static Map<String, Object> server(TestStack stack) {
        return Map.of("bootstrap.servers", stack.bootstrapServers());
    }
}
