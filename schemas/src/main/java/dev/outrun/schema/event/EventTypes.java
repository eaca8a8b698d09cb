package dev.outrun.schema.event;

/**
 * The types of events that Outrun itself writes; every name not starting with {@code run.} is the
 * user's.
 */
public final class EventTypes {

    /** What the platform's own types start with; refused in an append. */
    public static final String RESERVED_PREFIX = "run.";

    /** Always seq 0. */
    public static final String REQUESTED = "run.requested";

    /** After the events that a fork's log has from another. */
    public static final String FORKED = "run.forked";

    public static final String ATTEMPT_STARTED = "run.attempt.started";
    public static final String ATTEMPT_FAILED = "run.attempt.failed";
    public static final String RETRY_SCHEDULED = "run.retry.scheduled";
    public static final String SUSPENDED = "run.suspended";
    public static final String RESUMED = "run.resumed";
    public static final String SIGNAL_RECEIVED = "run.signal.received";
    public static final String CHILD_STARTED = "run.child.started";
    public static final String CHILD_ENDED = "run.child.ended";
    public static final String CANCEL_REQUESTED = "run.cancel.requested";

    /** Always last, as are {@link #FAILED} and {@link #CANCELLED}. */
    public static final String COMPLETED = "run.completed";

    public static final String FAILED = "run.failed";
    public static final String CANCELLED = "run.cancelled";

    /** What a handler's step has come to: its {@code name} and {@code output}. Workers write it. */
    public static final String STEP_COMPLETED = "step.completed";

    /** In the log of a queue, which is no run: {@link dev.outrun.schema.queue.QueueSettings}. */
    public static final String QUEUE_CHANGED = "queue.changed";

    /**
     * In the log of a schedule, which is no run: {@link
     * dev.outrun.schema.schedule.ScheduleSettings}.
     */
    public static final String SCHEDULE_CHANGED = "schedule.changed";

    public static final String SCHEDULE_FIRED = "schedule.fired";
    public static final String SCHEDULE_SKIPPED = "schedule.skipped";

    /** Always last. */
    public static final String SCHEDULE_DELETED = "schedule.deleted";

    private EventTypes() {}

    /** Whether an event may be one in the log of a queue or schedule, which is no run. */
    public static boolean isOfControl(String type) {
        return switch (type) {
            case QUEUE_CHANGED,
                    SCHEDULE_CHANGED,
                    SCHEDULE_FIRED,
                    SCHEDULE_SKIPPED,
                    SCHEDULE_DELETED ->
                    true;
            default -> false;
        };
    }

    /** Whether a log ends with an event of this type. */
    public static boolean isTerminal(String type) {
        return switch (type) {
            case COMPLETED, FAILED, CANCELLED -> true;
            default -> false;
        };
    }
}
