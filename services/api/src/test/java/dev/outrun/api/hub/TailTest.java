package dev.outrun.api.hub;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.outrun.ledger.StartRun;
import dev.outrun.ledger.memory.InMemoryLedger;
import dev.outrun.schema.event.Event;
import dev.outrun.schema.run.RunId;
import dev.outrun.teststack.TestStack;
import dev.outrun.teststack.TestStackExtension;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.time.InstantSource;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.common.KafkaException;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(TestStackExtension.class)
class TailTest {

    @Test
    void tail_thatLosesItsConsumer_takesANewOneAndMissesNothing(TestStack stack)
            throws InterruptedException {
        InMemoryLedger ledger = new InMemoryLedger(InstantSource.system());
        ledger.registerHandlers(List.of("echo"));
        Consumers consumers = new Consumers(stack.kafka(), stack.topics());
        AtomicReference<@Nullable KafkaException> fault = new AtomicReference<>();
        AtomicInteger made = new AtomicInteger();
        try (Lanes lanes = new Lanes(stack.bootstrapServers(), stack.topics(), ledger.shards());
                Hub hub =
                        Hub.start(
                                HubStage.PATIENT,
                                ledger,
                                stack.topics(),
                                consumers,
                                () -> {
                                    made.incrementAndGet();
                                    return failing(consumers.tail(), fault);
                                })) {
            // Given
            RunId run = ledger.start(StartRun.of("echo", "{}"));
            int shard = ledger.run(run).orElseThrow().shard();
            Subscription subscription = hub.subscribe(ledger.run(run).orElseThrow(), 1);
            untilLive(lanes, shard, run, 1, subscription);
            ledger.append(run, null, "[{\"type\":\"stands.for.the.live.one\"}]");

            // When
            fault.set(new KafkaException("the consumer is broken"));
            ledger.append(run, null, "[{\"type\":\"written.meanwhile\"}]");
            lanes.live(shard, ledger.events(run, 2, 1));

            // Then
            assertEquals(2, seqOf(subscription.next(HubStage.LONG)));
            untilLive(lanes, shard, run, 3, subscription);
            assertEquals(2, made.get());
            while (hub.problem() != null) {
                subscription.next(HubStage.SHORT); // its place is noted after the first events
            }
        }
    }

    /** Publishes an event that only the firehose has, until the subscriber has got it. */
    private static void untilLive(
            Lanes lanes, int shard, RunId run, long seq, Subscription subscription)
            throws InterruptedException {
        Event only =
                new Event(run, seq, "x", 0, InstantSource.system().instant(), new byte[] {'1'});
        Delivery delivery = Delivery.Signal.QUIET;
        while (delivery == Delivery.Signal.QUIET) {
            lanes.live(shard, List.of(only));
            delivery = subscription.next(HubStage.SHORT);
        }
        assertEquals(seq, seqOf(delivery));
    }

    private static long seqOf(Delivery delivery) {
        return delivery instanceof Delivery.Frames(List<Frame> frames)
                ? frames.getFirst().seq()
                : -1;
    }

    /** A consumer whose next poll throws the fault, once. */
    @SuppressWarnings("unchecked") // a proxy of the interface it is cast to
    private static Consumer<byte[], byte[]> failing(
            Consumer<byte[], byte[]> real, AtomicReference<@Nullable KafkaException> fault) {
        return (Consumer<byte[], byte[]>)
                Proxy.newProxyInstance(
                        TailTest.class.getClassLoader(),
                        new Class<?>[] {Consumer.class},
                        (proxy, method, arguments) -> {
                            KafkaException thrown =
                                    method.getName().equals("poll") ? fault.getAndSet(null) : null;
                            if (thrown != null) {
                                throw thrown;
                            }
                            try {
                                return method.invoke(real, arguments);
                            } catch (InvocationTargetException e) {
                                throw e.getCause();
                            }
                        });
    }
}
