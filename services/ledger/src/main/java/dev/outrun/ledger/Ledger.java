package dev.outrun.ledger;

import dev.outrun.schema.queue.QueueSettings;
import dev.outrun.schema.run.RunId;
import dev.outrun.schema.run.RunStatus;
import dev.outrun.schema.run.Tenant;
import dev.outrun.schema.work.Decision;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Where truth is written: runs and their logs. Every method is one transaction, committed when it
 * returns, and may be called from any thread.
 *
 * <p>JSON travels as text and is kept byte for byte. Methods throw {@link
 * dev.outrun.schema.error.OutrunException} with the code named; nothing is written then. {@code
 * unavailable} is different: the database did not answer, and may have committed all the same. What
 * may be said twice is to be said again; whoever started a run or appended looks first.
 */
public interface Ledger extends AttemptLedger {

    /**
     * A page of events ends with the one that reaches this, if its limit does not end it before.
     */
    int PAGE_BYTES = 4 << 20;

    /**
     * What becomes of an attempt while it is made. Throws {@code unknown_run}, {@code run_closed},
     * {@code stale_attempt} where it is not the live one.
     */
    LiveAttempt liveAttempt(RunId run, int attempt);

    /**
     * Starts a tree of runs and returns the id of its root. The flow is JSON text of an object as
     * {@code outrun.start_flow} takes it. Throws as {@link #start}.
     */
    RunId startFlow(Tenant tenant, String flow);

    /**
     * Tells an open run something and returns the event's seq; one that is suspended until this
     * signal goes on. Data is JSON text, at most 1 MiB. Throws {@code unknown_run}, {@code
     * run_closed}, {@code invalid_request}, {@code payload_too_large}.
     */
    long signal(RunId run, String name, String data);

    /**
     * Lets a suspended run go on at once; false if it is not suspended. Throws {@code unknown_run},
     * {@code run_closed}.
     */
    boolean resume(RunId run);

    /**
     * Asks for the end of a run and returns its status after it. Saying it twice is harmless.
     * Throws {@code unknown_run}, {@code run_closed}.
     */
    RunStatus cancel(RunId run, @Nullable String reason);

    /**
     * Starts a run whose log begins with the first events of another, those before seq {@code at},
     * and goes on with another attempt; returns its id. Throws {@code unknown_run}, {@code
     * run_id_taken}, {@code invalid_request}.
     *
     * @param id minted ahead; null lets the database mint one
     */
    RunId fork(RunId run, long at, @Nullable RunId id);

    /**
     * Has a failed run driven again, by a fork that goes on where it failed, and returns its id:
     * said again, the same; empty where the run has not failed. Throws {@code unknown_run}.
     *
     * @param id minted ahead; null lets the database mint one
     */
    Optional<RunId> redrive(RunId run, @Nullable RunId id);

    /**
     * Has up to so many of a queue's failed runs driven again and returns how many: none are left
     * when it is 0.
     *
     * @param handler null is any
     * @param since not those that failed before this time; null is any
     */
    int redrive(String queue, @Nullable String handler, @Nullable Instant since, int most);

    /**
     * Publishes a halted run's events again, from where it halted on: to be called when the cause
     * is mended. False if the run is not halted.
     */
    boolean resolve(RunId run);

    /** Records an engine's decision; false where the run has moved on and nothing was written. */
    boolean record(Decision decision);

    /**
     * Changes what a queue keeps to: JSON text of an object with fields of {@link QueueSettings},
     * where null takes a limit away and what is not named stays. Throws {@code invalid_request}.
     */
    QueueSettings changeQueue(String queue, String change);

    /** A queue as it is, whether or not anybody has ever named it. */
    QueueState queue(String queue);

    /** Whether runs that are started in a queue now have no topics of their own. */
    boolean isTopicless(String queue);

    /** The queues of which something was said, or that have open runs, by name. */
    List<QueueState> queues();

    /**
     * Cancels up to so many of the queue's open runs and returns how many: none are left when it is
     * 0.
     */
    int obliterate(String queue, int most);

    /**
     * Makes a schedule, or makes it this one: JSON text of an object as {@code outrun.put_schedule}
     * takes it. Said again it changes nothing. Throws {@code unknown_handler}, {@code
     * payload_too_large}, {@code invalid_request}.
     */
    void putSchedule(Tenant tenant, String name, String schedule);

    /** One schedule. */
    Optional<ScheduleState> schedule(Tenant tenant, String name);

    /**
     * A tenant's schedules, by name.
     *
     * @param after only those behind this name; null is all
     * @param limit at most so many
     */
    List<ScheduleState> schedules(Tenant tenant, @Nullable String after, int limit);

    /**
     * Lets nothing be started by a schedule; false if it was paused. Throws {@code
     * unknown_schedule}.
     */
    boolean pauseSchedule(Tenant tenant, String name);

    /**
     * Has a paused schedule go on with its next occurrence; false if it was not paused. Throws
     * {@code unknown_schedule}.
     */
    boolean resumeSchedule(Tenant tenant, String name);

    /** Ends a schedule; the runs it has started go on. Throws {@code unknown_schedule}. */
    void deleteSchedule(Tenant tenant, String name);

    /** Starts a schedule's run out of turn and returns its id. Throws {@code unknown_schedule}. */
    RunId triggerSchedule(Tenant tenant, String name);

    /** One run. */
    Optional<Run> run(RunId run);

    /** The run that a tenant has started with this idempotency key. */
    Optional<RunId> runWithKey(Tenant tenant, String idempotencyKey);

    /** Runs, newest first, by creation time and then id. */
    List<Run> runs(RunQuery query);

    /** Partitions of the firehose, as the database says. */
    int shards();

    /**
     * Makes the outbox partitions from today to {@code daysAhead} days from now; returns how many
     * were missing.
     */
    int makePartitions(int daysAhead);

    /**
     * Drops the first day of the outbox that nobody needs any more: every run with events in it
     * ended more than {@code keep} ago and has no topic any more, and all of them are published.
     * Whoever asks for such an event gets {@code expired} from then on.
     *
     * @return the day, in UTC; empty where there is none, or the table is in use at this moment
     */
    Optional<LocalDate> dropDay(Duration keep);

    /** The runs that are written to by name. */
    StreamLedger streams();

    /** Deletes up to so many rows that count for nothing any more; returns how many. */
    int deleteLapsed(int most);
}
