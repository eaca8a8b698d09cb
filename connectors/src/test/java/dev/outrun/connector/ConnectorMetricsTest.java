package dev.outrun.connector;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outrun.schema.run.RunId;
import dev.outrun.schema.run.Tenant;
import dev.outrun.teststack.TestStack;
import dev.outrun.teststack.TestStackExtension;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Map;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** What a connector's meters say of what it has done. */
@ExtendWith(TestStackExtension.class)
class ConnectorMetricsTest {

    private static final Duration LIMIT = Duration.ofSeconds(60);

    private final TestStack stack;
    private final Appends ledger;
    private final MeterRegistry registry = new SimpleMeterRegistry();

    ConnectorMetricsTest(TestStack stack) throws SQLException {
        this.stack = stack;
        this.ledger = new Appends(stack.dataSource());
    }

    @BeforeEach
    void makeTopics() {
        Connectors.makeTopics(stack);
    }

    @Test
    void events_published_areCountedAndTimedInBothLanes() throws Exception {
        try (OutboxConnector connector = start()) {
            // Given
            RunId run = ledger.start();

            // When
            for (int i = 0; i < 9; i++) {
                ledger.append(run, "1");
            }
            connector.drainOnce(LIMIT);

            // Then
            for (String lane : new String[] {"live", "run"}) {
                assertEquals(10, events("published", lane));
                assertEquals(0, events("skipped", lane));
                assertEquals(0, events("repaired", lane));
                assertEquals(
                        10,
                        registry.get("outrun.connector.publish.latency")
                                .tags("slot", stack.slot(), "lane", lane)
                                .timer()
                                .count());
            }
            assertEquals(0, gauge("records.in.flight"));
            assertEquals(0, gauge("unacknowledged.age"));
            assertEquals(1, state("running"));
            assertEquals(0, state("standby") + state("reconnecting") + state("halted"));
        }
        assertEquals(1, state("stopped"));
    }

    @Test
    void events_thatAreThereAlready_areCountedAsSkipped() throws Exception {
        // Given
        RunId run = ledger.start();
        try (OutboxConnector connector = Connectors.start(stack)) {
            ledger.append(run, "1");
            connector.drainOnce(LIMIT);
        }
        ledger.execute("select pg_drop_replication_slot('" + stack.slot() + "')");
        ledger.execute("delete from outrun.watermark");
        ledger.append(run, "2");

        // When
        try (OutboxConnector connector = start()) {
            connector.drainOnce(LIMIT);

            // Then
            assertEquals(3, counter("appends.refilled"));
            for (String lane : new String[] {"live", "run"}) {
                assertEquals(2, events("skipped", lane));
                assertEquals(1, events("published", lane));
            }
        }
    }

    @Test
    void runTopic_withAStrangersRecord_isCountedAsRebuilt() throws Exception {
        try (OutboxConnector connector = start()) {
            // Given
            RunId run = ledger.start();
            connector.drainOnce(LIMIT);
            try (KafkaProducer<byte[], byte[]> stranger =
                    new KafkaProducer<>(
                            Map.of("bootstrap.servers", stack.bootstrapServers()),
                            new ByteArraySerializer(),
                            new ByteArraySerializer())) {
                stranger.send(
                                new ProducerRecord<>(
                                        stack.topics().run(Tenant.DEFAULT, run), new byte[1]))
                        .get();
            }

            // When
            ledger.append(run, "1");
            connector.drainOnce(LIMIT);

            // Then: more than once where the broker is slow to forget the old topic
            assertTrue(counter("run.topics.rebuilt") >= 1);
            assertTrue(events("repaired", "run") >= 2);
            assertEquals(0, events("repaired", "live"));
        }
    }

    @Test
    void append_thatCannotBePublished_isCountedAsADeadLetter() throws Exception {
        try (OutboxConnector connector = start()) {
            // Given
            RunId run = ledger.start();

            // When
            ledger.execute(
                    ("insert into outrun.run_outbox select run_id, 1, tenant, 4000, attempt, events,"
                                    + " appended_at, appended_us from outrun.run_outbox"
                                    + " where run_id = '%s'")
                            .formatted(run));
            connector.drainOnce(LIMIT);

            // Then
            assertEquals(1, counter("dead.letters"));
            assertEquals(1, gauge("runs.halted"));
            assertEquals(1, events("published", "run"));
        }
    }

    @Test
    void connector_thatStandsBy_saysSo() throws Exception {
        try (OutboxConnector first = Connectors.start(stack)) {
            // When
            try (OutboxConnector second = start()) {

                // Then
                assertEquals(Health.State.RUNNING, first.health().state());
                assertEquals(Health.State.STANDBY, second.health().state());
                assertEquals(1, state("standby"));
                assertTrue(Double.isNaN(gauge("checkpoint.age")));
            }
        }
    }

    private OutboxConnector start() throws InterruptedException {
        return OutboxConnector.start(Connectors.config(stack), registry);
    }

    private double events(String what, String lane) {
        return registry.get("outrun.connector.events." + what)
                .tags("slot", stack.slot(), "lane", lane)
                .counter()
                .count();
    }

    private double counter(String name) {
        return registry.get("outrun.connector." + name).tag("slot", stack.slot()).counter().count();
    }

    private double gauge(String name) {
        return registry.get("outrun.connector." + name).tag("slot", stack.slot()).gauge().value();
    }

    private double state(String name) {
        return registry.get("outrun.connector.state")
                .tags("slot", stack.slot(), "state", name)
                .gauge()
                .value();
    }
}
