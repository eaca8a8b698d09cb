package dev.outrun.bench.limit;

import dev.outrun.server.OutrunConfig;
import io.debezium.embedded.Connect;
import io.debezium.engine.DebeziumEngine;
import io.debezium.engine.DebeziumEngine.RecordCommitter;
import io.debezium.engine.RecordChangeEvent;
import io.debezium.engine.format.ChangeEventFormat;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.connect.source.SourceRecord;

/** Debezium's embedded engine as its documentation has it, before a producer. */
public final class OutboxRouter implements AutoCloseable {

    /** Where its router sends rows of the aggregate type that they are given by default. */
    public static final String TOPIC = "outbox.event.run";

    /** What people who tune it change. */
    public static final Map<String, String> TUNED =
            Map.of(
                    "poll.interval.ms", "5",
                    "max.batch.size", "8192",
                    "max.queue.size", "32768");

    private static final int PARTITIONS = 4;

    private final KafkaProducer<byte[], byte[]> producer;
    private final DebeziumEngine<RecordChangeEvent<SourceRecord>> engine;
    private final CountDownLatch polling = new CountDownLatch(1);

    /**
     * Makes its topic.
     *
     * @param settings besides those that it does not start without
     */
    public OutboxRouter(OutrunConfig config, Path folder, Map<String, String> settings)
            throws InterruptedException, ExecutionException {
        NewTopic topic = new NewTopic(TOPIC, Optional.of(PARTITIONS), Optional.empty());
        Bare.makeTopics(config.kafka(), List.of(topic));
        producer = Bare.producer(config.kafka(), Map.of());
        engine =
                DebeziumEngine.create(ChangeEventFormat.of(Connect.class))
                        .using(properties(config, folder, settings))
                        .using(
                                new DebeziumEngine.ConnectorCallback() {
                                    @Override
                                    public void pollingStarted() {
                                        polling.countDown();
                                    }
                                })
                        .notifying(this::publish)
                        .build();
    }

    private static Properties properties(
            OutrunConfig config, Path folder, Map<String, String> settings) {
        Properties properties = new Properties();
        properties.putAll(
                Map.of(
                        "name", "bench",
                        "connector.class", "io.debezium.connector.postgresql.PostgresConnector",
                        "offset.storage", "org.apache.kafka.connect.storage.FileOffsetBackingStore",
                        "offset.storage.file.filename", folder.resolve("offsets").toString(),
                        "topic.prefix", "bench",
                        "plugin.name", "pgoutput",
                        "table.include.list", "public.outbox",
                        "transforms", "outbox",
                        "transforms.outbox.type", "io.debezium.transforms.outbox.EventRouter"));
        properties.putAll(
                Map.of(
                        "database.hostname", config.postgres().host(),
                        "database.port", Integer.toString(config.postgres().port()),
                        "database.user", config.postgres().user(),
                        "database.password", config.postgres().password(),
                        "database.dbname", config.postgres().database()));
        properties.putAll(settings);
        return properties;
    }

    /** Returns when it reads. */
    public void start() throws InterruptedException {
        Thread.ofPlatform().name("bench-debezium").daemon().start(engine);
        polling.await();
    }

    private void publish(
            List<RecordChangeEvent<SourceRecord>> batch,
            RecordCommitter<RecordChangeEvent<SourceRecord>> committer)
            throws InterruptedException {
        List<Future<RecordMetadata>> sent = new ArrayList<>(batch.size());
        for (RecordChangeEvent<SourceRecord> change : batch) {
            SourceRecord row = change.record();
            sent.add(
                    producer.send(
                            new ProducerRecord<>(
                                    row.topic(), bytes(row.key()), bytes(row.value()))));
        }
        for (Future<RecordMetadata> each : sent) {
            await(each);
        }
        for (RecordChangeEvent<SourceRecord> change : batch) {
            committer.markProcessed(change);
        }
        committer.markBatchFinished();
    }

    private static void await(Future<RecordMetadata> sent) throws InterruptedException {
        try {
            sent.get();
        } catch (ExecutionException e) {
            throw new IllegalStateException("a row was not published", e.getCause());
        }
    }

    private static byte[] bytes(Object text) {
        return text.toString().getBytes(StandardCharsets.UTF_8);
    }

    @Override
    public void close() throws IOException {
        engine.close();
        producer.close();
    }
}
