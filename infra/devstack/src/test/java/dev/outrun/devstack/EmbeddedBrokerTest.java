package dev.outrun.devstack;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.KafkaShareConsumer;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EmbeddedBrokerTest {

    /** The biggest event, 1 MiB, and room for its headers. */
    private static final int LARGE_BYTES = 1024 * 1024 + 64 * 1024;

    @TempDir Path directory;

    @Test
    void start_afterClose_findsItsTopicsAndGoesOn() throws Exception {
        // Given
        try (EmbeddedBroker first = start()) {
            Topic topic = new Topic(first.bootstrapServers(), "kept");
            topic.create();
            topic.append("one");
        }

        // When
        try (EmbeddedBroker second = start()) {
            Topic topic = new Topic(second.bootstrapServers(), "kept");

            // Then
            assertEquals("one", topic.first());
            assertEquals(1, topic.append("two"));
        }
    }

    @Test
    void start_afterATopicWasDeleted_deletesWhatIsLeftOfIt() throws Exception {
        // Given
        start().close();
        String renamed = "gone-0.0b1e2a4bd5ae44a9a3f8a9f5b2a4c6d8-delete";
        Path left = Files.createDirectories(directory.resolve("data").resolve(renamed));
        Files.createFile(left.resolve("00000000000000000000.log"));

        // When
        start().close();

        // Then
        assertTrue(Files.notExists(left));
    }

    @Test
    void broker_taskInShareGroup_isDelivered() throws Exception {
        try (EmbeddedBroker broker = start()) {
            // Given
            Topic tasks = new Topic(broker.bootstrapServers(), "tasks");
            tasks.create();
            tasks.append("task");
            readFromTheBeginning(tasks, "workers");

            // When
            Map<String, Object> client = new HashMap<>(tasks.client());
            client.put("group.id", "workers");
            try (KafkaShareConsumer<String, String> consumer =
                    new KafkaShareConsumer<>(
                            client, new StringDeserializer(), new StringDeserializer())) {
                consumer.subscribe(List.of(tasks.name()));

                // Then
                assertEquals("task", firstOf(consumer).value());
            }
        }
    }

    @Test
    void broker_largestEvent_isTaken() throws Exception {
        try (EmbeddedBroker broker = start()) {
            // Given
            Topic topic = new Topic(broker.bootstrapServers(), "large");
            topic.create();

            // When
            long offset =
                    topic.append("x".repeat(LARGE_BYTES), Map.of("max.request.size", 2_000_000));

            // Then
            assertEquals(0, offset);
        }
    }

    @Test
    void broker_topicNotMade_isNotMadeByAsking() throws Exception {
        try (EmbeddedBroker broker = start();
                Admin admin =
                        Admin.create(Map.of("bootstrap.servers", broker.bootstrapServers()))) {
            // When
            ExecutionException failure =
                    assertThrows(
                            ExecutionException.class,
                            () -> admin.describeTopics(List.of("typo")).allTopicNames().get());

            // Then
            assertInstanceOf(UnknownTopicOrPartitionException.class, failure.getCause());
        }
    }

    @Test
    void start_directoryInUse_isRefused() {
        try (EmbeddedBroker owner = start()) {
            // When
            IllegalStateException refused = assertThrows(IllegalStateException.class, this::start);

            // Then
            assertTrue(refused.toString().contains("in use"), owner::bootstrapServers);
        }
    }

    @Test
    void start_portTaken_saysSoAndFreesTheDirectory() throws IOException {
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.ofLiteral("127.0.0.1"))) {
            // Given
            EmbeddedBroker.Settings settings =
                    new EmbeddedBroker.Settings(directory, taken.getLocalPort());

            // When
            IllegalStateException failure =
                    assertThrows(IllegalStateException.class, () -> EmbeddedBroker.start(settings));

            // Then
            assertTrue(failure.toString().contains("bind"), failure.toString());
        }
        start().close();
    }

    private EmbeddedBroker start() {
        return EmbeddedBroker.start(new EmbeddedBroker.Settings(directory, 0));
    }

    private static void readFromTheBeginning(Topic topic, String group) throws Exception {
        try (Admin admin = Admin.create(topic.client())) {
            ConfigResource resource = new ConfigResource(ConfigResource.Type.GROUP, group);
            AlterConfigOp earliest =
                    new AlterConfigOp(
                            new ConfigEntry("share.auto.offset.reset", "earliest"),
                            AlterConfigOp.OpType.SET);
            admin.incrementalAlterConfigs(Map.of(resource, List.of(earliest))).all().get();
        }
    }

    private static ConsumerRecord<String, String> firstOf(
            KafkaShareConsumer<String, String> consumer) {
        long deadline = System.nanoTime() + Duration.ofSeconds(60).toNanos();
        while (System.nanoTime() < deadline) {
            ConsumerRecords<String, String> records = consumer.poll(Duration.ofSeconds(1));
            if (!records.isEmpty()) {
                return records.iterator().next();
            }
        }
        throw new IllegalStateException("no record within a minute");
    }
}
