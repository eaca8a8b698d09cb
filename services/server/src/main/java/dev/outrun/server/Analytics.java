package dev.outrun.server;

import dev.outrun.analytics.AnalyticsProperties;
import dev.outrun.analytics.AnalyticsSettings;
import dev.outrun.analytics.AnalyticsTopology;
import dev.outrun.schema.topic.Topics;
import dev.outrun.streams.DeadLetters;
import java.time.Duration;
import org.apache.kafka.streams.KafkaStreams;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The analytics topology, running in this process. Nothing waits for it. */
final class Analytics implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(Analytics.class);

    private static final Duration CLOSE_MAX = Duration.ofSeconds(10);

    private final KafkaStreams streams;

    private Analytics(KafkaStreams streams) {
        this.streams = streams;
    }

    /** Starts it and returns at once. */
    static Analytics start(Topics topics, AnalyticsProperties properties, DeadLetters letters) {
        KafkaStreams streams =
                new KafkaStreams(
                        AnalyticsTopology.create(topics, AnalyticsSettings.DEFAULT, letters),
                        properties.toProperties());
        streams.setUncaughtExceptionHandler(new ThreadRestart("analytics"));
        streams.start();
        return new Analytics(streams);
    }

    /** Whether it has its shards and reads them. */
    boolean isRunning() {
        return streams.state() == KafkaStreams.State.RUNNING;
    }

    /** Commits and stops, keeping its place in the group for its next start. */
    @Override
    public void close() {
        if (!streams.close(CLOSE_MAX)) {
            log.warn("analytics did not stop in time seconds={}", CLOSE_MAX.toSeconds());
        }
    }
}
