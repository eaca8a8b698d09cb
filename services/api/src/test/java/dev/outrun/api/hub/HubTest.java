package dev.outrun.api.hub;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.outrun.ledger.StartRun;
import dev.outrun.ledger.memory.InMemoryLedger;
import dev.outrun.schema.run.RunId;
import dev.outrun.schema.topic.KafkaAddress;
import dev.outrun.schema.topic.Topics;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

class HubTest {

    /** Nobody listens there. */
    private static final KafkaAddress NO_BROKER = KafkaAddress.of("127.0.0.1:1");

    @Test
    void subscriber_withoutABroker_getsEverythingFromTheLedger() throws InterruptedException {
        HubConfig p = HubStage.PATIENT;
        HubConfig eager =
                new HubConfig(
                        10,
                        1,
                        10,
                        1_000,
                        1,
                        1_000,
                        p.keepAlive(),
                        Duration.ofMillis(20),
                        p.tailLinger(),
                        p.writeStallMax());
        InMemoryLedger ledger = new InMemoryLedger(InstantSource.system());
        ledger.registerHandlers(List.of("echo"));
        try (Hub hub = Hub.start(eager, ledger, new Topics("none"), NO_BROKER)) {
            // Given
            RunId run = ledger.start(StartRun.of("echo", "{}"));
            Subscription subscription = hub.subscribe(ledger.run(run).orElseThrow(), 1);
            while (hub.problem() == null) {
                assertEquals(Delivery.Signal.QUIET, subscription.next(HubStage.SHORT));
            }

            // When
            ledger.append(run, null, "[{\"type\":\"x\"},{\"type\":\"y\"}]");
            ledger.claim(run, 1, "worker");
            ledger.complete(run, 1, "1");

            // Then
            List<Long> seqs = HubStage.drain(subscription).stream().map(Frame::seq).toList();
            assertEquals(LongStream.range(1, 5).boxed().toList(), seqs);
        }
    }
}
