package dev.outrun.ledger;

import dev.outrun.schema.error.ErrorCode;
import dev.outrun.schema.error.OutrunException;
import dev.outrun.schema.json.WireJson;
import dev.outrun.schema.topic.KafkaAddress;
import dev.outrun.schema.topic.Topics;
import dev.outrun.schema.work.Decision;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.kafka.clients.consumer.CloseOptions;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.errors.RetriableException;
import org.apache.kafka.common.errors.WakeupException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Records the engine's decisions in the ledger: a consumer of the decisions topic, in order within
 * a partition, at least once. While Postgres does not answer it waits and tries the same decision
 * again; what is no decision, or is refused, is logged with its place and passed over.
 *
 * <p>One thread of its own. Several recorders share the partitions.
 */
public final class DecisionRecorder implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(DecisionRecorder.class);

    /** How long a poll waits for decisions; a close wakes it up. */
    private static final Duration POLL_WAIT = Duration.ofSeconds(1);

    /** How long a close takes at most, the call to the ledger under way included. */
    private static final Duration CLOSE_MAX = Duration.ofSeconds(10);

    private static final Duration CONSUMER_CLOSE_MAX = Duration.ofSeconds(3);

    private final Ledger ledger;
    private final KafkaConsumer<byte[], byte[]> consumer;
    private final Backoff backoff = new Backoff(Duration.ofMillis(100), Duration.ofSeconds(5));
    private final Thread thread;
    private volatile boolean closing;
    private volatile Optional<String> problem = Optional.empty();

    private DecisionRecorder(
            String instance, Ledger ledger, KafkaConsumer<byte[], byte[]> consumer) {
        this.ledger = ledger;
        this.consumer = consumer;
        this.thread =
                Thread.ofPlatform().name("decision-recorder-" + instance).unstarted(this::run);
    }

    /**
     * Starts recording, from where the group of all recorders has come to.
     *
     * @param instance this recorder's name, the same after a restart: it gets its partitions back
     *     at once; no two at a time may have it
     */
    public static DecisionRecorder start(
            KafkaAddress kafka, Topics topics, String instance, Ledger ledger) {
        KafkaConsumer<byte[], byte[]> consumer =
                new KafkaConsumer<>(
                        kafka.client(RecorderConsumer.config(topics, instance)),
                        new ByteArrayDeserializer(),
                        new ByteArrayDeserializer());
        DecisionRecorder recorder = new DecisionRecorder(instance, ledger, consumer);
        consumer.subscribe(List.of(topics.decisions()));
        recorder.thread.start();
        return recorder;
    }

    /** What keeps it from recording; empty while all is well. */
    public Optional<String> problem() {
        return problem;
    }

    /** Stops after the decision under way; returns within {@link #CLOSE_MAX}. Again: nothing. */
    @Override
    public void close() {
        closing = true;
        consumer.wakeup();
        try {
            if (!thread.join(CLOSE_MAX)) {
                log.warn("recorder still waits for the ledger thread={}", thread.getName());
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void run() {
        try {
            while (!closing) {
                pollAndRecord();
            }
            problem = Optional.of("closed");
        } catch (WakeupException e) {
            // close() wakes the poll; what was recorded is committed, or comes again.
            problem = Optional.of("closed");
        } catch (RuntimeException e) {
            problem = Optional.of("stopped: " + e.getClass().getSimpleName());
            log.error("recorder stopped", e);
        } finally {
            consumer.close(CloseOptions.timeout(CONSUMER_CLOSE_MAX));
        }
    }

    private void pollAndRecord() {
        try {
            ConsumerRecords<byte[], byte[]> records =
                    consumer.poll(backoff.isWaiting() ? backoff.left() : POLL_WAIT);
            if (!backoff.isWaiting()) {
                resume(records.isEmpty());
            }
            record(records);
        } catch (InterruptException e) {
            // Nobody interrupts this thread but to end it.
            closing = true;
        } catch (RetriableException e) {
            log.warn("recorder waits for Kafka error={}", e.toString());
            problem = Optional.of("Kafka: " + e.getClass().getSimpleName());
            pause();
        }
    }

    private void resume(boolean nothingToRecord) {
        if (consumer.paused().isEmpty() && nothingToRecord) {
            problem = Optional.empty();
        }
        consumer.resume(consumer.paused());
    }

    private void record(ConsumerRecords<byte[], byte[]> records) {
        Map<TopicPartition, OffsetAndMetadata> recorded = new HashMap<>();
        for (TopicPartition partition : records.partitions()) {
            for (ConsumerRecord<byte[], byte[]> record : records.records(partition)) {
                if (closing || !tryRecord(record)) {
                    consumer.seek(partition, record.offset());
                    consumer.pause(List.of(partition));
                    break;
                }
                recorded.put(partition, new OffsetAndMetadata(record.offset() + 1));
            }
        }
        if (!recorded.isEmpty()) {
            commit(recorded);
        }
    }

    /** False when the ledger does not answer: the record is to be tried again. */
    private boolean tryRecord(ConsumerRecord<byte[], byte[]> record) {
        if (backoff.isWaiting()) {
            return false;
        }
        try {
            ledger.record(decision(record));
            backoff.succeeded();
            problem = Optional.empty();
        } catch (OutrunException e) {
            if (e.code().kind() == ErrorCode.Kind.EXTERNAL) {
                log.warn("decision waits for the ledger {} code={}", place(record), e.code());
                problem = Optional.of("Postgres does not answer");
                pause();
                return false;
            }
            log.error("decision refused {} code={}", place(record), e.code(), e);
        } catch (IllegalArgumentException e) {
            log.error("no decision {}", place(record), e);
        }
        return true;
    }

    private static Decision decision(ConsumerRecord<byte[], byte[]> record) {
        if (record.value() == null) {
            throw new IllegalArgumentException("the record has no value");
        }
        return WireJson.read(record.value(), Decision.class);
    }

    /** The consumer is polled on, so that it keeps its partitions, but gives out nothing. */
    private void pause() {
        backoff.failed();
        consumer.pause(consumer.assignment());
    }

    private void commit(Map<TopicPartition, OffsetAndMetadata> recorded) {
        consumer.commitAsync(
                recorded,
                (offsets, failure) -> {
                    if (failure != null) {
                        // The next commit says more; until then decisions may come again.
                        log.warn("offsets not committed error={}", failure.toString());
                    }
                });
    }

    private static String place(ConsumerRecord<?, ?> record) {
        return "topic="
                + record.topic()
                + " partition="
                + record.partition()
                + " offset="
                + record.offset();
    }
}
