package dev.outrun.testkit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.outrun.connector.topic.Consumers;
import dev.outrun.ledger.LedgerConfig;
import dev.outrun.ledger.PostgresLedger;
import dev.outrun.ledger.StartRun;
import dev.outrun.schema.event.Event;
import dev.outrun.schema.run.RunId;
import dev.outrun.schema.run.Tenant;
import dev.outrun.schema.topic.KafkaAddress;
import dev.outrun.schema.topic.RecordHeaders;
import dev.outrun.schema.topic.Topics;
import dev.outrun.server.cli.Main;
import java.io.IOException;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.TopicAuthorizationException;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/**
 * The whole path over servers that demand encryption, a password, and rights: each client is told
 * how to get in, or there would be no path.
 */
@Timeout(600) // a process starts slowly where others are at work
@Execution(ExecutionMode.SAME_THREAD) // one of those at a time that start processes
final class GuardedTest {

    private static final int WELL = 0;
    private static final int UNWELL = 1;

    private static final Duration LIMIT = Duration.ofMinutes(1);
    private static final Topics TOPICS = new Topics(Topics.DEFAULT_PREFIX);
    private static final Tenant ACME = new Tenant(GuardedServers.ACME);
    private static final Tenant OTHER = new Tenant("globex");

    private final Path folder;

    GuardedTest(@TempDir Path folder) {
        this.folder = folder;
    }

    @Test
    void wholePath_worksOverServersThatDemandWhoOneIs_andATenantReadsItsOwnRunsOnly()
            throws Exception {
        try (GuardedServers servers = new GuardedServers(folder)) {
            // Given
            Path config = config(servers, GuardedServers.password(GuardedServers.OUTRUN));
            try (ServeProcess process = ServeProcess.start(config);
                    PostgresLedger ledger =
                            PostgresLedger.open(new LedgerConfig(servers.postgres(), 1, "test"))) {
                // When
                RunId own = ledger.start(start(ACME));
                RunId other = ledger.start(start(OTHER));
                process.api().follow(own.toString(), 0, _ -> {});
                process.api().follow(other.toString(), 0, _ -> {});

                // Then
                List<Event> log = ledger.events(own, 0, 100);
                assertEquals("run.completed", log.getLast().type());
                assertReads(servers, own, log.size());
                assertMayNotRead(servers, TOPICS.run(OTHER, other));
                assertMayNotRead(servers, TOPICS.events());
                assertMayNotWrite(servers, TOPICS.run(ACME, own));
                assertEquals(Set.of(TOPICS.run(ACME, own)), topics(servers));
                assertEquals(WELL, Main.run("doctor", "--config", config.toString()));
                assertEquals(
                        WELL,
                        Main.run("audit", "--config", config.toString(), "--patience", "300"));
            }
            Path wrong = config(servers, "guessed");
            assertEquals(UNWELL, Main.run("doctor", "--config", wrong.toString()));
            assertFalse(
                    GuardedServers.letsIn(
                            servers.postgres().withOptions(Map.of("sslmode", "disable"))));
        }
    }

    private static StartRun start(Tenant tenant) {
        return StartRun.with("echo", "1").tenant(tenant).build();
    }

    private void assertReads(GuardedServers servers, RunId run, int events) {
        List<Long> seqs = new ArrayList<>();
        try (var consumer = Consumers.create(acme(servers), "acme")) {
            List<TopicPartition> partitions =
                    Consumers.assign(consumer, TOPICS.run(ACME, run), LIMIT);
            Consumers.readAll(
                    consumer,
                    Map.of(partitions.getFirst(), 0L),
                    Map.of(partitions.getFirst(), (long) events),
                    LIMIT,
                    record -> seqs.add(RecordHeaders.seq(record.headers())));
        }
        assertEquals(events, seqs.size());
    }

    private static void assertMayNotRead(GuardedServers servers, String topic) {
        try (Consumer<byte[], byte[]> consumer = Consumers.create(acme(servers), "acme")) {
            TopicPartition partition = new TopicPartition(topic, 0);
            consumer.assign(List.of(partition));
            consumer.seek(partition, 0);
            assertThrows(TopicAuthorizationException.class, () -> consumer.poll(LIMIT));
        }
    }

    private static void assertMayNotWrite(GuardedServers servers, String topic) {
        try (KafkaProducer<byte[], byte[]> producer =
                new KafkaProducer<>(
                        acme(servers).client(Map.of("enable.idempotence", "false")),
                        new ByteArraySerializer(),
                        new ByteArraySerializer())) {
            ExecutionException refused =
                    assertThrows(
                            ExecutionException.class,
                            () -> producer.send(new ProducerRecord<>(topic, new byte[1])).get());
            assertInstanceOf(TopicAuthorizationException.class, refused.getCause());
        }
    }

    /** Those that the tenant's user knows of. */
    private static Set<String> topics(GuardedServers servers)
            throws InterruptedException, ExecutionException {
        try (Admin admin = Admin.create(acme(servers).client(Map.of()))) {
            return admin.listTopics().names().get();
        }
    }

    private static KafkaAddress acme(GuardedServers servers) {
        return servers.kafka(GuardedServers.ACME);
    }

    /** With the secrets in files of their own. */
    private Path config(GuardedServers servers, String password) throws IOException {
        Properties secrets = new Properties();
        secrets.putAll(servers.properties(GuardedServers.OUTRUN, password));
        StringWriter text = new StringWriter();
        secrets.store(text, null);
        Path kafka = Files.writeString(folder.resolve("client.properties"), text.toString());
        Path postgres = Files.writeString(folder.resolve("password"), password + "\n");
        return Files.writeString(
                folder.resolve("outrun.yaml"),
                """
                state_dir: %s
                postgres:
                  url: postgresql://postgres@127.0.0.1:%d/outrun
                  password_file: %s
                  options:
                    sslmode: verify-full
                    sslrootcert: %s
                kafka:
                  bootstrap_servers: %s
                  properties_file: %s
                engine:
                  guarantee: exactly_once_v2
                worker:
                  samples: true
                """
                        .formatted(
                                folder.resolve("state"),
                                servers.postgres().port(),
                                postgres,
                                servers.certificate(),
                                servers.bootstrapServers(),
                                kafka));
    }
}
