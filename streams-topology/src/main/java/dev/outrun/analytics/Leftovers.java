package dev.outrun.analytics;

import dev.outrun.schema.run.RunId;
import java.time.Instant;
import org.apache.kafka.streams.processor.api.RecordMetadata;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Events that belong in no window: a line for the first in each second, with how many there were,
 * because a whole backlog may be such.
 */
final class Leftovers {

    private static final Logger LOG = LoggerFactory.getLogger(Leftovers.class);

    private long unlogged;

    /** Its run began before the firehose does, or has ended. */
    void unknownRun(RunId run, RecordMetadata origin) {
        if (isFirst()) {
            LOG.warn(
                    "event of no known run skipped run={} topic={} partition={} offset={}",
                    run,
                    origin.topic(),
                    origin.partition(),
                    origin.offset());
        }
    }

    /** Its window is closed, of a time that has not come, or one too many. */
    void noWindow(RunId run, Instant time, RecordMetadata origin) {
        if (isFirst()) {
            LOG.warn(
                    "event without a window skipped time={} run={} topic={} partition={} offset={}",
                    time,
                    run,
                    origin.topic(),
                    origin.partition(),
                    origin.offset());
        }
    }

    /** Says how many there were besides the first. */
    void log() {
        if (unlogged > 1) {
            LOG.warn("further events skipped, which have no run or no window n={}", unlogged - 1);
        }
        unlogged = 0;
    }

    private boolean isFirst() {
        return unlogged++ == 0;
    }
}
