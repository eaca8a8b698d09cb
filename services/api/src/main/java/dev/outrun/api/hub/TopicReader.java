package dev.outrun.api.hub;

import dev.outrun.schema.event.Event;
import dev.outrun.schema.run.RunId;
import dev.outrun.schema.topic.RecordHeaders;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;

/** A consumer that reads stretches of run topics, one after the other. Not for two threads. */
final class TopicReader implements AutoCloseable {

    /** How long the broker may take for an answer before Postgres is asked. */
    private static final Duration ANSWER_MAX = Duration.ofSeconds(1);

    private final Consumer<byte[], byte[]> consumer;

    TopicReader(Consumer<byte[], byte[]> consumer) {
        this.consumer = consumer;
    }

    /**
     * Events of the run from {@code from} on, without a hole and below {@code to}: as many as the
     * topic has and the broker gives at once. Empty where there is no such topic or it ends before.
     *
     * @throws org.apache.kafka.common.KafkaException if the broker does not answer
     */
    List<Event> read(String topic, RunId run, long from, long to) {
        if (consumer.partitionsFor(topic, ANSWER_MAX).isEmpty()) {
            return List.of();
        }
        TopicPartition log = new TopicPartition(topic, 0);
        consumer.assign(List.of(log));
        try {
            consumer.seek(log, from); // offset == seq (I3)
            long end = consumer.endOffsets(Set.of(log), ANSWER_MAX).getOrDefault(log, 0L);
            return end <= from ? List.of() : consecutive(run, from, Math.min(to, end));
        } finally {
            consumer.assign(List.of());
        }
    }

    private List<Event> consecutive(RunId run, long from, long to) {
        long deadline = System.nanoTime() + ANSWER_MAX.toNanos();
        List<Event> events = new ArrayList<>();
        long next = from;
        do {
            for (ConsumerRecord<byte[], byte[]> record : consumer.poll(ANSWER_MAX)) {
                Event event = RecordHeaders.read(record);
                if (event.seq() != next || !event.run().equals(run)) {
                    return events; // not what this offset should hold: Postgres knows better
                }
                events.add(event);
                if (++next == to) {
                    return events;
                }
            }
        } while (events.isEmpty() && System.nanoTime() - deadline < 0);
        return events;
    }

    @Override
    public void close() {
        Consumers.close(consumer);
    }
}
