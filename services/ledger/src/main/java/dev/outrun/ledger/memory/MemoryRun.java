package dev.outrun.ledger.memory;

import dev.outrun.ledger.Ledger;
import dev.outrun.ledger.Run;
import dev.outrun.ledger.RunQuery;
import dev.outrun.ledger.StartRun;
import dev.outrun.ledger.StreamEvents;
import dev.outrun.ledger.Wake;
import dev.outrun.schema.event.Event;
import dev.outrun.schema.run.RunId;
import dev.outrun.schema.run.RunStatus;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A run in memory: what its row and its outbox rows hold. Guarded by the ledger's lock. */
final class MemoryRun {

    static final Wake NO_WAKE = new Wake(null, null, null);

    final StartRun start;
    final RunId id;
    final int shard;
    final boolean topicless;
    final Instant createdAt;
    final List<Event> log = new ArrayList<>();
    RunStatus status;
    int attempt;
    @Nullable String worker;
    @Nullable String output;
    @Nullable String error;
    Run.@Nullable Fork fork;
    @Nullable RunId redrivenAs;
    boolean retryDecided;
    Wake wake;
    int children;
    int childrenEnded;
    boolean cancelRequested;
    Instant updatedAt;
    @Nullable Instant finishedAt;
    @Nullable Instant topicDeletedAt;
    Run.@Nullable Halted halted;

    MemoryRun(StartRun start, RunId id, int shard, boolean topicless, Instant now) {
        this.start = start;
        this.id = id;
        this.shard = shard;
        this.topicless = topicless;
        this.createdAt = now;
        this.updatedAt = now;
        this.status = start.waitFor() == null ? RunStatus.QUEUED : RunStatus.SUSPENDED;
        this.wake = new Wake(null, null, start.waitFor());
    }

    boolean isStream() {
        return start.handler().equals(StreamEvents.HANDLER);
    }

    boolean isLive(int attempt) {
        return status == RunStatus.RUNNING && this.attempt == attempt;
    }

    boolean isWaiting() {
        return status == RunStatus.QUEUED || status == RunStatus.RETRYING;
    }

    /** Whether it is to end with this one, which has. */
    boolean isOrphanOf(RunId parent) {
        StartRun.Child child = fork == null ? start.child() : null;
        return finishedAt == null
                && !cancelRequested
                && child != null
                && !child.detached()
                && child.parent().equals(parent);
    }

    Event write(String type, String data, Instant now) {
        return write(type, data.getBytes(StandardCharsets.UTF_8), now);
    }

    Event write(String type, byte[] data, Instant now) {
        Event event = new Event(id, log.size(), type, attempt, now, data);
        log.add(event);
        updatedAt = now;
        return event;
    }

    Event finish(RunStatus end, String type, String data, Instant now) {
        status = end;
        finishedAt = now;
        return write(type, data, now);
    }

    /** A stretch of a log: from a seq on, until either limit is reached. */
    static List<Event> page(List<Event> log, long from, int limit) {
        List<Event> page = new ArrayList<>();
        long bytes = 0;
        for (long seq = from; seq < log.size(); seq++) {
            Event event = log.get((int) seq);
            page.add(event);
            bytes += event.data().length;
            if (page.size() == limit || bytes >= Ledger.PAGE_BYTES) {
                break;
            }
        }
        return page;
    }

    /** Whether a query lists it, but for its limit. */
    boolean isListed(RunQuery query) {
        Run run = toRun();
        return run.tenant().equals(query.tenant())
                && (query.status() == null || run.status() == query.status())
                && (query.handler() == null || run.handler().equals(query.handler()))
                && (query.queue() == null || run.queue().equals(query.queue()))
                && (query.parent() == null || query.parent().equals(run.parent()))
                && (query.schedule() == null || query.schedule().equals(run.schedule()))
                && (query.before() == null || isOlder(query.before()));
    }

    private boolean isOlder(RunQuery.Place place) {
        int byTime = createdAt.compareTo(place.createdAt());
        return byTime < 0 || (byTime == 0 && id.toString().compareTo(place.id().toString()) < 0);
    }

    /**
     * Whether it is a dead letter of the queue that has not been redriven.
     *
     * @param handler of which handler; null for any
     * @param since not failed before; null for whenever
     */
    boolean isRedrivable(String queue, @Nullable String handler, @Nullable Instant since) {
        return status == RunStatus.FAILED
                && redrivenAs == null
                && start.queue().equals(queue)
                && (handler == null || handler.equals(start.handler()))
                && (since == null || (finishedAt != null && !finishedAt.isBefore(since)));
    }

    Run toRun() {
        return new Run(
                id,
                start.tenant(),
                start.queue(),
                start.handler(),
                shard,
                topicless,
                start.priority(),
                start.concurrencyKey(),
                status,
                attempt,
                log.size(),
                start.input(),
                output,
                error,
                start.idempotencyKey(),
                fork,
                start.child() == null || fork != null ? null : start.child().parent(),
                start.scheduled() == null ? null : start.scheduled().schedule(),
                start.scheduled() == null ? null : start.scheduled().at(),
                children,
                childrenEnded,
                start.runAt(),
                createdAt,
                updatedAt,
                finishedAt,
                topicDeletedAt,
                halted);
    }
}
