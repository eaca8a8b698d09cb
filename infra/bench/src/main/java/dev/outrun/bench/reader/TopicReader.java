package dev.outrun.bench.reader;

import dev.outrun.bench.figure.Ages;
import dev.outrun.bench.figure.Arrivals;
import dev.outrun.bench.load.Tick;
import dev.outrun.schema.topic.KafkaAddress;
import java.util.Collection;
import org.apache.kafka.clients.consumer.ConsumerRecord;

/** A Kafka consumer of topics, and how old each event is when it has it. */
public final class TopicReader implements AutoCloseable {

    private final Arrivals arrivals = new Arrivals();
    private final Follower follower;

    /** Of all partitions of these topics, which exist, from their ends on. */
    public TopicReader(KafkaAddress kafka, Collection<String> topics) {
        this.follower = new Follower(kafka, topics, this::arrived);
    }

    private void arrived(ConsumerRecord<byte[], byte[]> record) {
        byte[] value = record.value();
        long due = value == null ? -1 : Tick.due(value, 0, value.length);
        if (due >= 0) {
            arrivals.arrived(due);
        }
    }

    /** The ages of so many since the last time; see {@link Arrivals#await}. */
    public Ages await(long expected) throws InterruptedException {
        return arrivals.await(expected);
    }

    /** Has the first event looked for that is due after this time. */
    public void mark(long time) {
        arrivals.mark(time);
    }

    /** When the event came that is looked for. */
    public long awaitBehindMark() throws InterruptedException {
        return arrivals.awaitBehindMark();
    }

    @Override
    public void close() {
        follower.close();
    }
}
