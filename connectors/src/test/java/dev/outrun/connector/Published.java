package dev.outrun.connector;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.fail;

import dev.outrun.schema.event.Event;
import dev.outrun.schema.run.RunId;
import dev.outrun.schema.run.Tenant;
import dev.outrun.schema.topic.RecordHeaders;
import dev.outrun.teststack.TestStack;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/** What is in Kafka, read as any client would, and held against the ledger. */
final class Published {

    private static final Duration LIMIT = Duration.ofSeconds(30);

    private record LoggedRun(
            RunId run, Tenant tenant, int shard, boolean topicless, List<String> events) {}

    private Published() {}

    /**
     * Asserts that each run's topic, if it is to have one, holds exactly the run's log, offset for
     * seq, and the firehose the same events once each, in order, in the partition of the run's
     * shard.
     */
    static void assertIsTheLedger(TestStack stack) throws SQLException {
        List<LoggedRun> ledger = ledger(stack);
        Map<RunId, List<ConsumerRecord<byte[], byte[]>>> firehose = new LinkedHashMap<>();
        try (KafkaConsumer<byte[], byte[]> consumer = consumer(stack)) {
            for (ConsumerRecord<byte[], byte[]> record :
                    readAll(consumer, stack.topics().events())) {
                firehose.computeIfAbsent(RecordHeaders.read(record).run(), run -> new ArrayList<>())
                        .add(record);
            }
            for (LoggedRun run : ledger) {
                assertHasItsTopic(consumer, run, stack.topics().run(run.tenant(), run.run()));
                List<ConsumerRecord<byte[], byte[]>> live =
                        firehose.getOrDefault(run.run(), List.of());
                assertSame(run.events(), lines(live), "firehose of run " + run.run());
                live.forEach(record -> assertEquals(run.shard(), record.partition()));
            }
        }
        assertEquals(ledger.size(), firehose.size(), "runs in the firehose");
    }

    private static void assertHasItsTopic(
            KafkaConsumer<byte[], byte[]> consumer, LoggedRun run, String topic) {
        if (run.topicless()) {
            assertFalse(
                    consumer.listTopics().containsKey(topic), () -> "there is a topic " + topic);
            return;
        }
        List<ConsumerRecord<byte[], byte[]>> own = readAll(consumer, topic);
        assertSame(run.events(), lines(own), "topic of run " + run.run());
        for (ConsumerRecord<byte[], byte[]> record : own) {
            assertEquals(record.offset(), RecordHeaders.seq(record.headers()));
        }
    }

    /** As lists, but says only where they part. */
    private static void assertSame(List<String> wanted, List<String> found, String where) {
        int same = 0;
        while (same < Math.min(wanted.size(), found.size())
                && wanted.get(same).equals(found.get(same))) {
            same++;
        }
        int until = same + 1;
        assertEquals(
                wanted.subList(same, Math.min(until, wanted.size())),
                found.subList(same, Math.min(until, found.size())),
                "%s: %d of %d events, from %d on"
                        .formatted(where, found.size(), wanted.size(), same));
    }

    /** A topic's records, partition after partition, up to its end of now. */
    static List<ConsumerRecord<byte[], byte[]>> readAll(
            KafkaConsumer<byte[], byte[]> consumer, String topic) {
        int count = consumer.partitionsFor(topic).size();
        List<TopicPartition> partitions =
                IntStream.range(0, count).mapToObj(n -> new TopicPartition(topic, n)).toList();
        consumer.assign(partitions);
        consumer.seekToBeginning(partitions);
        Map<TopicPartition, Long> ends = consumer.endOffsets(partitions);
        List<ConsumerRecord<byte[], byte[]>> records = new ArrayList<>();
        long deadline = System.nanoTime() + LIMIT.toNanos();
        while (partitions.stream().anyMatch(p -> consumer.position(p) < ends.getOrDefault(p, 0L))) {
            if (System.nanoTime() > deadline) {
                fail("topic " + topic + " was not read to its end in " + LIMIT);
            }
            consumer.poll(Duration.ofMillis(200)).forEach(records::add);
        }
        return records;
    }

    static KafkaConsumer<byte[], byte[]> consumer(TestStack stack) {
        return new KafkaConsumer<>(
                Map.of(
                        "bootstrap.servers",
                        stack.bootstrapServers(),
                        "key.deserializer",
                        ByteArrayDeserializer.class,
                        "value.deserializer",
                        ByteArrayDeserializer.class));
    }

    private static List<String> lines(List<ConsumerRecord<byte[], byte[]>> records) {
        return records.stream().map(record -> line(RecordHeaders.read(record))).toList();
    }

    private static String line(Event event) {
        return "%d %s %d %s %s"
                .formatted(
                        event.seq(),
                        event.type(),
                        event.attempt(),
                        event.time(),
                        new String(event.data(), StandardCharsets.UTF_8));
    }

    private static List<LoggedRun> ledger(TestStack stack) throws SQLException {
        Map<RunId, LoggedRun> runs = new LinkedHashMap<>();
        try (Connection connection = stack.dataSource().getConnection();
                Statement statement = connection.createStatement();
                ResultSet row =
                        statement.executeQuery(
                                """
                                select e.run_id, r.tenant, r.shard, e.seq, e.type, e.attempt,
                                       e.time, e.data::text, r.topicless is not null
                                from outrun.run_event e join outrun.run r on r.id = e.run_id
                                order by e.run_id, e.seq
                                """)) {
            while (row.next()) {
                RunId id = RunId.parse(row.getString(1));
                LoggedRun run = runs.get(id);
                if (run == null) {
                    run =
                            new LoggedRun(
                                    id,
                                    new Tenant(row.getString(2)),
                                    row.getInt(3),
                                    row.getBoolean(9),
                                    new ArrayList<>());
                    runs.put(id, run);
                }
                run.events()
                        .add(
                                line(
                                        new Event(
                                                id,
                                                row.getLong(4),
                                                row.getString(5),
                                                row.getInt(6),
                                                row.getObject(7, OffsetDateTime.class).toInstant(),
                                                row.getString(8)
                                                        .getBytes(StandardCharsets.UTF_8))));
            }
        }
        return List.copyOf(runs.values());
    }
}
