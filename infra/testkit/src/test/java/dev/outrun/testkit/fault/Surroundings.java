package dev.outrun.testkit.fault;

import dev.outrun.connector.ConnectorConfig;
import dev.outrun.connector.OutboxConnector;
import dev.outrun.connector.audit.AuditReport;
import dev.outrun.connector.audit.AuditScope;
import dev.outrun.connector.audit.Auditor;
import dev.outrun.connector.topic.Consumers;
import dev.outrun.connector.topic.PlatformTopics;
import dev.outrun.ledger.DecisionRecorder;
import dev.outrun.ledger.LedgerConfig;
import dev.outrun.ledger.PostgresLedger;
import dev.outrun.schema.event.Event;
import dev.outrun.schema.topic.KafkaAddress;
import dev.outrun.schema.topic.RecordHeaders;
import dev.outrun.teststack.TestStack;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import org.apache.kafka.clients.consumer.Consumer;

/**
 * What engines and workers live among, in this process, and nobody hurts: ledger, connector,
 * recorder, and a reader of the firehose. One thread.
 */
final class Surroundings implements AutoCloseable {

    private static final Duration BROKER_MAX = Duration.ofSeconds(30);
    private static final Duration LOOK = Duration.ofMillis(200);

    private final TestStack stack;
    private final KafkaAddress kafka;
    private final Deque<AutoCloseable> parts = new ArrayDeque<>();
    private final PostgresLedger ledger;
    private final Consumer<byte[], byte[]> firehose;

    Surroundings(TestStack stack) throws InterruptedException {
        this.stack = stack;
        this.kafka = stack.kafka();
        boolean started = false;
        try {
            PlatformTopics.create(kafka, stack.topics(), TestStack.SHARDS);
            ledger = keep(PostgresLedger.open(new LedgerConfig(stack.postgres(), 16, "faults")));
            keep(
                    OutboxConnector.start(
                            ConnectorConfig.of(
                                    stack.postgres(),
                                    stack.bootstrapServers(),
                                    stack.topics(),
                                    stack.slot()),
                            new SimpleMeterRegistry()));
            keep(DecisionRecorder.start(kafka, stack.topics(), "faults", ledger));
            firehose = keep(Consumers.create(kafka, "outrun-faults"));
            Consumers.assign(firehose, stack.topics().events(), BROKER_MAX);
            firehose.seekToBeginning(firehose.assignment());
            started = true;
        } finally {
            if (!started) {
                close();
            }
        }
    }

    PostgresLedger ledger() {
        return ledger;
    }

    /** Closes it before what was there already. */
    <T extends AutoCloseable> T keep(T part) {
        parts.push(part);
        return part;
    }

    /** The next events that were published, of all runs; none if there are none for a while. */
    List<Event> next() {
        List<Event> events = new ArrayList<>();
        firehose.poll(LOOK).forEach(record -> events.add(RecordHeaders.read(record)));
        return events;
    }

    /** What of all runs is not the same in the table, in its topic and in the firehose. */
    List<String> differences() throws InterruptedException {
        AuditReport audit =
                Auditor.audit(
                        stack.postgres(),
                        kafka,
                        stack.topics(),
                        stack.slot(),
                        BROKER_MAX,
                        AuditScope.ALL);
        return audit.differences().stream().map(Object::toString).toList();
    }

    @Override
    public void close() {
        while (!parts.isEmpty()) {
            try {
                parts.pop().close();
            } catch (Exception e) {
                throw new IllegalStateException(e);
            }
        }
    }
}
