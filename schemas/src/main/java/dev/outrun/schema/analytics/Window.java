package dev.outrun.schema.analytics;

/**
 * What runs of one queue and handler did in a stretch of time, by their events' times: the value in
 * the windows topic. Windows of several shards, handlers, queues or stretches are merged by {@link
 * WindowSum}.
 *
 * @param requested runs; see {@link Counter}, also for the other counts
 * @param bytes of the events' data
 * @param queueWaitMs see {@link Timing}, also for the other two
 * @param closed whether nothing will be added to it any more
 */
public record Window(
        long requested,
        long started,
        long completed,
        long failed,
        long cancelled,
        long retried,
        long events,
        long bytes,
        Distribution queueWaitMs,
        Distribution durationMs,
        Distribution firstEventMs,
        boolean closed) {

    /** One of its counts. */
    public long count(Counter counter) {
        return switch (counter) {
            case REQUESTED -> requested;
            case STARTED -> started;
            case COMPLETED -> completed;
            case FAILED -> failed;
            case CANCELLED -> cancelled;
            case RETRIED -> retried;
            case EVENTS -> events;
            case BYTES -> bytes;
        };
    }

    /** One of its distributions. */
    public Distribution distribution(Timing timing) {
        return switch (timing) {
            case QUEUE_WAIT -> queueWaitMs;
            case DURATION -> durationMs;
            case FIRST_EVENT -> firstEventMs;
        };
    }
}
