package dev.outrun.engine;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.outrun.schema.event.Event;
import dev.outrun.schema.json.WireJson;
import dev.outrun.schema.topic.RecordHeaders;
import dev.outrun.schema.topic.Topics;
import dev.outrun.schema.work.Heartbeat;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.ExecutionException;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/** The engine's topics on a real broker, as everybody else writes and reads them. */
final class EngineTopics implements AutoCloseable {

    private static final Duration DEADLINE = Duration.ofSeconds(60);

    private final Topics topics;
    private final int shards;
    private final KafkaProducer<byte[], byte[]> producer;
    private final KafkaConsumer<byte[], byte[]> consumer;

    /** Makes them. */
    EngineTopics(String bootstrapServers, Topics topics, int shards) throws Exception {
        this.topics = topics;
        this.shards = shards;
        Map<String, Object> server = Map.of("bootstrap.servers", bootstrapServers);
        List<String> outputs =
                List.of(topics.tasks(), topics.decisions(), topics.interrupts(), topics.runs());
        List<NewTopic> made =
                Stream.concat(
                                Stream.concat(
                                                outputs.stream(),
                                                Stream.of(topics.events(), topics.heartbeats()))
                                        .map(name ->
                                                new NewTopic(name, partitions(name), (short) 1)),
                                Stream.of(new NewTopic(topics.deadLetters(), 1, (short) 1)))
                        .toList();
        try (var admin = Admin.create(server)) {
            admin.createTopics(made).all().get();
            awaitKnown(admin, made.stream().map(NewTopic::name).toList());
        }
        var bytes = new ByteArraySerializer();
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
                                IntStream.range(0, partitions(topic))
                                        .mapToObj(p -> new TopicPartition(topic, p)))
                        .toList());
    }

    private int partitions(String topic) {
        return topic.equals(topics.tasks()) ? 1 : shards;
    }

    /**
     * The broker hears of new topics a moment later, and an engine stops where it knows of none.
     */
    private static void awaitKnown(Admin admin, List<String> names)
            throws InterruptedException, ExecutionException {
        long deadline = System.nanoTime() + DEADLINE.toNanos();
        while (true) {
            try {
                admin.describeTopics(names).allTopicNames().get();
                return;
            } catch (ExecutionException e) {
                if (!(e.getCause() instanceof UnknownTopicOrPartitionException)
                        || System.nanoTime() > deadline) {
                    throw e;
                }
            }
        }
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

    /** A worker's sign of life, to every shard. */
    void heartbeat(Heartbeat heartbeat) {
        for (int shard = 0; shard < shards; shard++) {
            heartbeat(shard, heartbeat);
        }
    }

    void heartbeat(int shard, Heartbeat heartbeat) {
        send(
                new ProducerRecord<>(
                        topics.heartbeats(),
                        shard,
                        heartbeat.worker().getBytes(UTF_8),
                        WireJson.write(heartbeat)));
    }

    private void send(ProducerRecord<byte[], byte[]> record) {
        try {
            producer.send(record).get();
        } catch (InterruptedException | ExecutionException e) {
            throw new AssertionError("a record was not written to " + record.topic(), e);
        }
    }

    /** What engines have said since, as readers of committed records see it. */
    ConsumerRecords<byte[], byte[]> poll(Duration most) {
        return consumer.poll(most);
    }

    @Override
    public void close() {
        consumer.close();
        producer.close();
    }
}
