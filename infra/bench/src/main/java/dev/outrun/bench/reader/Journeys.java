package dev.outrun.bench.reader;

import dev.outrun.bench.figure.Micros;
import dev.outrun.schema.event.Event;
import dev.outrun.schema.event.EventTypes;
import dev.outrun.schema.run.RunId;
import dev.outrun.schema.topic.RecordHeaders;
import dev.outrun.server.OutrunConfig;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/**
 * What a live reader of the firehose sees of each run, on a thread of its own. All times are
 * microseconds of the machine's clock, which the ledger's events have theirs from too.
 */
public final class Journeys implements AutoCloseable {

    private static final Duration POLL = Duration.ofMillis(100);

    private final KafkaConsumer<byte[], byte[]> consumer;
    private final Map<RunId, Journey> journeys = new ConcurrentHashMap<>();
    private final Consumer<Journey> ended;
    private final Thread thread;
    private volatile boolean closed;

    /** One run's way: when events of it were written, and when they were seen. */
    public static final class Journey {
        long due;
        long requested;
        long requestedSeen;
        long started;
        long completed;
        long completedSeen;

        boolean isWhole() {
            return requested != 0 && started != 0 && completed != 0 && due != 0;
        }
    }

    /** Follows the firehose from its end on. */
    public Journeys(OutrunConfig config, Consumer<Journey> ended) {
        this.ended = ended;
        this.consumer =
                new KafkaConsumer<>(
                        Map.of(ConsumerConfig.BOOTSTRAP_SERVERS_CONFIG, config.bootstrapServers()),
                        new ByteArrayDeserializer(),
                        new ByteArrayDeserializer());
        List<TopicPartition> partitions =
                consumer.partitionsFor(config.topics().events()).stream()
                        .map(each -> new TopicPartition(each.topic(), each.partition()))
                        .toList();
        consumer.assign(partitions);
        consumer.seekToEnd(partitions);
        partitions.forEach(consumer::position);
        this.thread = Thread.ofPlatform().name("bench-reader").start(this::read);
    }

    /** A run was due, and its request is committed. */
    public void begun(RunId run, long due) {
        Journey journey = of(run);
        boolean whole;
        synchronized (journey) {
            journey.due = due;
            whole = journey.isWhole();
        }
        endIf(whole, run, journey);
    }

    private Journey of(RunId run) {
        return journeys.computeIfAbsent(run, _ -> new Journey());
    }

    private void read() {
        while (!closed) {
            for (ConsumerRecord<byte[], byte[]> record : consumer.poll(POLL)) {
                saw(RecordHeaders.read(record), Micros.now());
            }
        }
        consumer.close();
    }

    private void saw(Event event, long at) {
        if (EventTypes.isOfControl(event.type())) {
            return;
        }
        Journey journey = of(event.run());
        long written = Micros.of(event.time());
        boolean whole;
        synchronized (journey) {
            switch (event.type()) {
                case EventTypes.REQUESTED -> {
                    journey.requested = written;
                    journey.requestedSeen = at;
                }
                case EventTypes.ATTEMPT_STARTED -> journey.started = written;
                case EventTypes.COMPLETED -> {
                    journey.completed = written;
                    journey.completedSeen = at;
                }
                default -> {}
            }
            whole = journey.isWhole();
        }
        endIf(whole, event.run(), journey);
    }

    private void endIf(boolean whole, RunId run, Journey journey) {
        if (whole && journeys.remove(run, journey)) {
            ended.accept(journey);
        }
    }

    @Override
    public void close() {
        closed = true;
        try {
            thread.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
