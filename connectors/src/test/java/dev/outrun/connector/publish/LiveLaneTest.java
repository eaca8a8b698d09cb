package dev.outrun.connector.publish;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outrun.schema.run.RunId;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.producer.MockProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.Test;

class LiveLaneTest {

    private static final RunId RUN = new RunId(new UUID(0, 1));
    private static final String TOPIC = "events";

    private final MockProducer<byte[], byte[]> producer =
            new MockProducer<>(true, null, new ByteArraySerializer(), new ByteArraySerializer()) {
                @Override
                public void close(Duration timeout) {
                    sendException = new KafkaException("Producer closed while send in progress");
                }
            };
    private final List<String> halts = new ArrayList<>();
    private final MeterRegistry registry = new SimpleMeterRegistry();
    private final Progress progress = new Progress(checkpoint -> {});

    @Test
    void events_foundInTheTail_areLeftOutUntilItsLast() throws Exception {
        // Given
        LiveLane lane = lane(new long[] {0}, Map.of(RUN, 1L));

        // When
        boolean before = lane.isBehindTail();
        send(lane, 0);
        boolean within = lane.isBehindTail();
        send(lane, 1);

        // Then: not a position to go on from before all the tail has been met again
        assertFalse(before);
        assertFalse(within);
        assertTrue(lane.isBehindTail());
        assertEquals(List.of(), producer.history());

        // When
        send(lane, 2);

        // Then
        assertEquals(1, producer.history().size());
        assertArrayEquals(new long[] {1}, lane.nextOffsets());
        assertEquals(List.of(), halts);
        assertEquals(2, count("outrun.connector.events.skipped"));
        assertEquals(1, count("outrun.connector.events.published"));
        Timer latency =
                registry.get("outrun.connector.publish.latency").tag("lane", "live").timer();
        assertEquals(1, latency.count());
        assertTrue(latency.totalTime(TimeUnit.SECONDS) >= 3);
    }

    @Test
    void event_foundInTheTailBehindALaterOne_isLeftOut() throws Exception {
        // Given: 5 and 6 were published late, behind 9
        LiveLane lane =
                lane(new long[] {0}, Map.of(RUN, 9L), Map.of(RUN, new HashSet<>(Set.of(5L, 6L))));

        // When
        send(lane, 9);
        send(lane, 5);
        boolean within = lane.isBehindTail();
        send(lane, 6);
        boolean behind = lane.isBehindTail();
        send(lane, 7);

        // Then
        assertFalse(within);
        assertTrue(behind);
        assertEquals(1, producer.history().size());
    }

    @Test
    void acknowledgement_withAnotherOffset_breaksThePublisher() throws Exception {
        // Given: the mock begins at 0, the tail ended at 7
        LiveLane lane = lane(new long[] {7}, Map.of());

        // When
        send(lane, 3);
        send(lane, 4); // while the producer is being closed

        // Then
        assertEquals(1, producer.history().size());
        assertEquals(
                List.of(
                        "the firehose has another writer: run=%s topic=events partition=0 offset=0"
                                        .formatted(RUN)
                                + " expected=7 seq=3"),
                halts);
    }

    private double count(String meter) {
        return registry.get(meter).tag("lane", "live").counter().count();
    }

    private LiveLane lane(long[] ends, Map<RunId, Long> lastSeqs) {
        return lane(ends, lastSeqs, Map.of());
    }

    private LiveLane lane(long[] ends, Map<RunId, Long> lastSeqs, Map<RunId, Set<Long>> late) {
        return new LiveLane(
                producer,
                TOPIC,
                new FirehoseTail(ends, new HashMap<>(lastSeqs), new HashMap<>(late)),
                10,
                new PublisherMetrics(registry, "slot").live(),
                new Breakage() {
                    @Override
                    public void refused(RunId run, long seq, String reason) {
                        halts.add(reason);
                    }

                    @Override
                    public void overtaken(String reason) {
                        halts.add(reason);
                    }
                },
                (reason, cause) -> halts.add(reason));
    }

    private void send(LiveLane lane, long seq) throws InterruptedException {
        Stretch stretch = progress.current();
        stretch.sending(1, 1);
        lane.send(
                stretch,
                RUN,
                seq,
                new ProducerRecord<>(TOPIC, 0, new byte[0], new byte[0]),
                System.nanoTime() - Duration.ofSeconds(3).toNanos());
    }
}
