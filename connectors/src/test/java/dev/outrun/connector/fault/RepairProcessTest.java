package dev.outrun.connector.fault;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outrun.connector.ConnectorProcess;
import dev.outrun.connector.audit.AuditScope;
import dev.outrun.connector.audit.Auditor;
import dev.outrun.connector.topic.AdminClients;
import dev.outrun.connector.topic.PlatformTopics;
import dev.outrun.schema.topic.KafkaAddress;
import dev.outrun.teststack.TestStack;
import dev.outrun.teststack.TestStackExtension;
import dev.outrun.teststack.process.JavaServer;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.CleanupMode;
import org.junit.jupiter.api.io.TempDir;

/** A connector that is killed while it makes run topics anew. */
@ExtendWith(TestStackExtension.class)
@Timeout(value = 5, unit = TimeUnit.MINUTES)
final class RepairProcessTest {

    private static final Duration LIMIT = Duration.ofSeconds(60);
    private static final int RUNS = 12;
    private static final int APPENDS = 30;
    private static final int KILLS = 2;

    private static final Uuid GONE = Uuid.ZERO_UUID;

    private final TestStack stack;
    private final KafkaAddress kafka;

    RepairProcessTest(TestStack stack) {
        this.stack = stack;
        this.kafka = new KafkaAddress(stack.bootstrapServers(), Map.of());
    }

    @Test
    void killed_whileItRepairs_repairsAllWhenItIsBack(
            @TempDir(cleanup = CleanupMode.ON_SUCCESS) Path folder) throws Exception {
        // Given
        PlatformTopics.create(kafka, stack.topics(), TestStack.SHARDS);
        execute("select outrun.register_handlers(array['test'])");
        execute("select outrun.start_run('test') from generate_series(1, %d)".formatted(RUNS));
        try (JavaServer connector = connector(folder);
                Admin admin = AdminClients.create(kafka, "outrun-repair-test")) {
            for (int i = 0; i < APPENDS; i++) {
                appendEach();
            }

            // When
            for (int kill = 1; kill <= KILLS; kill++) {
                connector.awaitReady(LIMIT);
                assertEquals(
                        ConnectorProcess.DRAINED, connector.ask(ConnectorProcess.DRAIN, LIMIT));
                Map<String, Uuid> topics = runTopics(admin);
                writeTo(topics);
                execute("select outrun.repair(id) from outrun.run");
                appendEach();
                awaitMadeAnew(admin, topics, kill);
                connector.kill();
            }
            connector.awaitReady(LIMIT);
            assertEquals(ConnectorProcess.DRAINED, connector.ask(ConnectorProcess.DRAIN, LIMIT));

            // Then
            assertEquals(
                    List.of(),
                    Auditor.audit(
                                    stack.postgres(),
                                    kafka,
                                    stack.topics(),
                                    stack.slot(),
                                    LIMIT,
                                    AuditScope.ALL)
                            .differences());
        }
    }

    private JavaServer connector(Path folder) throws Exception {
        return new JavaServer(
                new JavaServer.Program(
                        ConnectorProcess.class,
                        "512m",
                        ConnectorProcess.arguments(stack),
                        ConnectorProcess.STARTED,
                        List.of(ConnectorProcess.DRAINED, ConnectorProcess.NOT_DRAINED),
                        List.of()),
                folder.resolve("connector.log"));
    }

    private Map<String, Uuid> runTopics(Admin admin)
            throws InterruptedException, ExecutionException {
        String prefix = stack.topics().prefix() + ".run.";
        return ids(
                admin,
                admin.listTopics().names().get().stream()
                        .filter(topic -> topic.startsWith(prefix))
                        .toList());
    }

    private static Map<String, Uuid> ids(Admin admin, List<String> topics)
            throws InterruptedException, ExecutionException {
        Map<String, Uuid> ids = new HashMap<>();
        for (Map.Entry<String, KafkaFuture<TopicDescription>> one :
                admin.describeTopics(topics).topicNameValues().entrySet()) {
            try {
                ids.put(one.getKey(), one.getValue().get().topicId());
            } catch (ExecutionException e) {
                if (!(e.getCause() instanceof UnknownTopicOrPartitionException)) {
                    throw e;
                }
                ids.put(one.getKey(), GONE);
            }
        }
        return ids;
    }

    /** Returns when so many are not any more what they were. */
    private static void awaitMadeAnew(Admin admin, Map<String, Uuid> before, int count)
            throws InterruptedException, ExecutionException {
        long deadline = System.nanoTime() + LIMIT.toNanos();
        long other;
        do {
            assertTrue(System.nanoTime() - deadline < 0, "waited for a repair for " + LIMIT);
            Map<String, Uuid> now = ids(admin, List.copyOf(before.keySet()));
            other =
                    before.entrySet().stream()
                            .filter(one -> !one.getValue().equals(now.get(one.getKey())))
                            .count();
        } while (other < count);
    }

    private void writeTo(Map<String, Uuid> topics) throws Exception {
        try (KafkaProducer<byte[], byte[]> stranger =
                new KafkaProducer<>(
                        Map.of("bootstrap.servers", stack.bootstrapServers()),
                        new ByteArraySerializer(),
                        new ByteArraySerializer())) {
            for (String topic : topics.keySet()) {
                stranger.send(new ProducerRecord<>(topic, new byte[0])).get();
            }
        }
    }

    private void appendEach() throws SQLException {
        execute(
                "select outrun.append(id, null, '[{\"type\":\"a\"},{\"type\":\"b\"}]')"
                        + " from outrun.run order by id");
    }

    private void execute(String sql) throws SQLException {
        try (Connection connection = stack.dataSource().getConnection();
                Statement statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }
}
