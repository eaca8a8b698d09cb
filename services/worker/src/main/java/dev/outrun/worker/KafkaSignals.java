package dev.outrun.worker;

import dev.outrun.schema.error.ErrorCode;
import dev.outrun.schema.error.OutrunException;
import dev.outrun.schema.topic.KafkaAddress;
import dev.outrun.schema.topic.Topics;
import dev.outrun.schema.work.Heartbeat;
import dev.outrun.schema.work.Interrupt;
import java.time.Duration;
import java.util.Optional;
import java.util.function.Consumer;
import org.apache.kafka.common.KafkaException;
import org.jspecify.annotations.Nullable;

/** A worker's signals over Kafka: its heartbeats, and the engine's interrupts. */
public final class KafkaSignals implements WorkerSignals {

    /** How long Kafka has to answer at the start. */
    private static final Duration START_MAX = Duration.ofSeconds(30);

    private final KafkaAddress kafka;
    private final Topics topics;
    private final String worker;
    private final long session;
    private @Nullable InterruptListener listener;
    private @Nullable Heartbeats heartbeats;

    /** The signals of a worker; nothing is sent before they are started. */
    public KafkaSignals(KafkaAddress kafka, Topics topics, WorkerConfig worker) {
        this.kafka = kafka;
        this.topics = topics;
        this.worker = worker.name();
        this.session = worker.session();
    }

    @Override
    public synchronized void start(Consumer<Interrupt> interrupts) {
        try {
            listener =
                    InterruptListener.start(
                            kafka, topics.interrupts(), worker, interrupts, START_MAX);
            heartbeats =
                    Heartbeats.start(
                            kafka,
                            topics.heartbeats(),
                            new Heartbeat(worker, session, false),
                            START_MAX);
        } catch (KafkaException e) {
            throw new OutrunException(ErrorCode.UNAVAILABLE, "Kafka does not answer", e);
        }
    }

    @Override
    public synchronized Optional<String> problem() {
        if (listener == null || heartbeats == null) {
            return Optional.of("signals not started");
        }
        return heartbeats.problem().or(listener::problem);
    }

    @Override
    public synchronized void close() {
        if (heartbeats != null) {
            heartbeats.close();
        }
        if (listener != null) {
            listener.close();
        }
    }
}
