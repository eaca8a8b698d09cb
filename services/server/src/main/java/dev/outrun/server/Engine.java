package dev.outrun.server;

import dev.outrun.engine.EngineProperties;
import dev.outrun.engine.EngineSettings;
import dev.outrun.engine.EngineTopology;
import dev.outrun.schema.error.ErrorCode;
import dev.outrun.schema.error.OutrunException;
import dev.outrun.schema.topic.Topics;
import dev.outrun.streams.DeadLetters;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.streams.KafkaStreams;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The engine's topology, running in this process: with it alone, a node is an engine. */
public final class Engine implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(Engine.class);

    private static final Duration CLOSE_MAX = Duration.ofSeconds(10);

    private final KafkaStreams streams;
    private final CountDownLatch running = new CountDownLatch(1);

    private Engine(KafkaStreams streams) {
        this.streams = streams;
    }

    /** Starts it and returns at once; it works when {@link #isReady}. */
    public static Engine start(Topics topics, EngineProperties properties, DeadLetters letters) {
        Engine engine =
                new Engine(
                        new KafkaStreams(
                                EngineTopology.create(topics, EngineSettings.DEFAULT, letters),
                                properties.toProperties()));
        engine.streams.setStateListener((now, _) -> engine.changed(now));
        engine.streams.setUncaughtExceptionHandler(new ThreadRestart("engine"));
        engine.streams.start();
        return engine;
    }

    /** Whether it has its shards and reads them. */
    public boolean isReady() {
        return streams.state() == KafkaStreams.State.RUNNING;
    }

    /**
     * Returns when it has had its shards for the first time.
     *
     * @throws OutrunException {@code unavailable} if that took longer, or this thread was
     *     interrupted
     */
    public void awaitReady(Duration most) {
        try {
            if (!running.await(most.toMillis(), TimeUnit.MILLISECONDS)) {
                throw new OutrunException(
                        ErrorCode.UNAVAILABLE, "the engine has no shards after " + most);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new OutrunException(
                    ErrorCode.UNAVAILABLE, "interrupted while the engine started", e);
        }
    }

    /** Commits and stops, keeping its place in the group for its next start. */
    @Override
    public void close() {
        if (!streams.close(CLOSE_MAX)) {
            log.warn("the engine did not stop in time seconds={}", CLOSE_MAX.toSeconds());
        }
    }

    private void changed(KafkaStreams.State now) {
        if (now == KafkaStreams.State.RUNNING) {
            running.countDown();
        }
    }
}
