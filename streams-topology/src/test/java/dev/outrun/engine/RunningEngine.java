package dev.outrun.engine;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.outrun.schema.event.Event;
import dev.outrun.schema.json.WireJson;
import dev.outrun.schema.topic.RecordHeaders;
import dev.outrun.schema.topic.Topics;
import dev.outrun.schema.work.Heartbeat;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.utils.Time;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.errors.StreamsUncaughtExceptionHandler.StreamThreadExceptionResponse;

/** The engine's topics on a real broker, and the engine on them, to be stopped and started. */
final class RunningEngine implements AutoCloseable {

    private static final Duration DEADLINE = Duration.ofSeconds(60);

    private final String bootstrapServers;
    private final Topics topics;
    private final Guarantee guarantee;
    private final Path stateDir;
    private final KafkaProducer<byte[], byte[]> producer;
    private final KafkaConsumer<byte[], byte[]> consumer;
    private final List<ConsumerRecord<byte[], byte[]>> unread = new ArrayList<>();
    private final CompletableFuture<Throwable> failure = new CompletableFuture<>();
    private KafkaStreams engine;

    /** Makes the topics, and starts the engine. */
    RunningEngine(
            String bootstrapServers, Topics topics, Guarantee guarantee, Path stateDir, int shards)
            throws Exception {
        this.bootstrapServers = bootstrapServers;
        this.topics = topics;
        this.guarantee = guarantee;
        this.stateDir = stateDir;
        List<String> outputs =
                List.of(topics.tasks(), topics.decisions(), topics.interrupts(), topics.runs());
        try (var admin = Admin.create(Map.of("bootstrap.servers", bootstrapServers))) {
            List<NewTopic> made =
                    Stream.concat(outputs.stream(), Stream.of(topics.events(), topics.heartbeats()))
                            .map(name -> new NewTopic(name, shards, (short) 1))
                            .toList();
            admin.createTopics(made).all().get();
        }
        var bytes = new ByteArraySerializer();
        Map<String, Object> server = Map.of("bootstrap.servers", bootstrapServers);
        producer = new KafkaProducer<>(server, bytes, bytes);
        Properties reading = new Properties();
        reading.putAll(server);
        reading.put("isolation.level", "read_committed");
        reading.put("auto.offset.reset", "earliest");
        consumer =
                new KafkaConsumer<>(
                        reading, new ByteArrayDeserializer(), new ByteArrayDeserializer());
        consumer.assign(
                outputs.stream()
                        .flatMap(topic ->
                                Stream.iterate(0, p -> p < shards, p -> p + 1)
                                        .map(p -> new TopicPartition(topic, p)))
                        .toList());
        engine = start(Duration.ZERO);
    }

    /** Another engine in the place of the first, whose clock is ahead of ours. */
    void restart(Duration ahead) {
        engine.close(DEADLINE);
        engine = start(ahead);
    }

    private KafkaStreams start(Duration ahead) {
        var properties =
                new EngineProperties(bootstrapServers, topics, guarantee, "only", 2, stateDir, 1);
        KafkaStreams started =
                new KafkaStreams(
                        EngineTopology.create(topics, EngineSettings.DEFAULT),
                        properties.toProperties(),
                        new TimeAhead(ahead));
        started.setUncaughtExceptionHandler(e -> {
            failure.complete(e);
            return StreamThreadExceptionResponse.SHUTDOWN_CLIENT;
        });
        started.start();
        return started;
    }

    void publish(int shard, Event event) {
        var record =
                new ProducerRecord<>(
                        topics.events(),
                        shard,
                        event.run().toString().getBytes(UTF_8),
                        event.data());
        RecordHeaders.write(record.headers(), event, null);
        send(record);
    }

    void leaving(int shard, String worker, long session) {
        send(
                new ProducerRecord<>(
                        topics.heartbeats(),
                        shard,
                        worker.getBytes(UTF_8),
                        WireJson.write(new Heartbeat(worker, session, true))));
    }

    private void send(ProducerRecord<byte[], byte[]> record) {
        try {
            producer.send(record).get();
        } catch (InterruptedException | ExecutionException e) {
            throw new AssertionError("a record was not written to " + record.topic(), e);
        }
    }

    /** The next unread record of a topic, from whichever partition. */
    ConsumerRecord<byte[], byte[]> await(String topic) {
        long deadline = System.nanoTime() + DEADLINE.toNanos();
        while (System.nanoTime() < deadline && !failure.isDone()) {
            for (var each = unread.iterator(); each.hasNext(); ) {
                ConsumerRecord<byte[], byte[]> record = each.next();
                if (record.topic().equals(topic)) {
                    each.remove();
                    return record;
                }
            }
            consumer.poll(Duration.ofMillis(100)).forEach(unread::add);
        }
        throw new AssertionError("nothing in " + topic, failure.getNow(null));
    }

    @Override
    public void close() {
        engine.close(DEADLINE);
        consumer.close();
        producer.close();
    }

    /** The system's time, from a later hour. */
    private record TimeAhead(Duration ahead) implements Time {

        @Override
        public long milliseconds() {
            return SYSTEM.milliseconds() + ahead.toMillis();
        }

        @Override
        public long nanoseconds() {
            return SYSTEM.nanoseconds();
        }

        @Override
        public void sleep(long ms) {
            SYSTEM.sleep(ms);
        }

        @Override
        public void waitObject(Object object, Supplier<Boolean> condition, long deadlineMs)
                throws InterruptedException {
            SYSTEM.waitObject(object, condition, deadlineMs - ahead.toMillis());
        }
    }
}
