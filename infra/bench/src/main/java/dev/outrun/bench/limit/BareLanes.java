package dev.outrun.bench.limit;

import dev.outrun.bench.figure.Micros;
import dev.outrun.bench.figure.Rates;
import dev.outrun.bench.load.Tick;
import dev.outrun.schema.event.Event;
import dev.outrun.schema.run.RunId;
import dev.outrun.schema.topic.KafkaAddress;
import dev.outrun.schema.topic.RecordHeaders;
import dev.outrun.server.OutrunConfig;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;

/**
 * The limit of whoever publishes a backlog: the same records to as many topics, a producer for each
 * lane and nothing before it.
 */
public final class BareLanes implements AutoCloseable {

    private static final int SHARDS = 4;

    private final String firehose;
    private final String runPrefix;
    private final List<RunId> runs;
    private final Tick tick;
    private final KafkaProducer<byte[], byte[]> live;
    private final KafkaProducer<byte[], byte[]> ofRuns;

    /** Makes the topics. */
    public BareLanes(OutrunConfig config, List<RunId> runs, Tick tick)
            throws InterruptedException, ExecutionException {
        this.firehose = config.topics().prefix() + ".bench.lanes.events";
        this.runPrefix = config.topics().prefix() + ".bench.lanes.run.";
        this.runs = runs;
        this.tick = tick;
        List<NewTopic> topics = new ArrayList<>();
        topics.add(new NewTopic(firehose, Optional.of(SHARDS), Optional.empty()));
        for (RunId run : runs) {
            topics.add(new NewTopic(runPrefix + run, Optional.of(1), Optional.empty()));
        }
        Bare.makeTopics(config.kafka(), topics);
        live = producer(config.kafka(), 128 << 10);
        ofRuns = producer(config.kafka(), 16 << 10);
    }

    private static KafkaProducer<byte[], byte[]> producer(KafkaAddress kafka, int batchBytes) {
        return Bare.producer(
                kafka,
                Map.of(
                        ProducerConfig.BATCH_SIZE_CONFIG,
                        batchBytes,
                        ProducerConfig.BUFFER_MEMORY_CONFIG,
                        64L << 20));
    }

    /** Sends so many events to both lanes; how many a second. */
    public double send(long events) throws InterruptedException, ExecutionException {
        long begin = System.nanoTime();
        List<Callable<Void>> lanes =
                List.of(() -> send(live, true, events), () -> send(ofRuns, false, events));
        try (ExecutorService threads = Executors.newFixedThreadPool(lanes.size())) {
            for (Future<Void> sent : threads.invokeAll(lanes)) {
                sent.get();
            }
        }
        return Rates.perSecond(events, System.nanoTime() - begin);
    }

    private Void send(KafkaProducer<byte[], byte[]> producer, boolean isLive, long events)
            throws InterruptedException, ExecutionException {
        List<Future<RecordMetadata>> sent = new ArrayList<>();
        for (long n = 0; n < events; n++) {
            int place = (int) (n % runs.size());
            RunId run = runs.get(place);
            Event event =
                    new Event(
                            run,
                            n / runs.size(),
                            Tick.TYPE,
                            0,
                            Instant.now(),
                            tick.data(Micros.now()).getBytes(StandardCharsets.UTF_8));
            ProducerRecord<byte[], byte[]> record =
                    new ProducerRecord<>(
                            isLive ? firehose : runPrefix + run,
                            isLive ? place % SHARDS : 0,
                            run.toString().getBytes(StandardCharsets.UTF_8),
                            event.data());
            RecordHeaders.write(record.headers(), event, null);
            sent.add(producer.send(record));
        }
        for (Future<RecordMetadata> each : sent) {
            each.get();
        }
        return null;
    }

    @Override
    public void close() {
        live.close();
        ofRuns.close();
    }
}
