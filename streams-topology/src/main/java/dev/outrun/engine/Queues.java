package dev.outrun.engine;

import dev.outrun.engine.queue.Line;
import dev.outrun.engine.queue.Standing;
import dev.outrun.engine.run.OpenRun;
import dev.outrun.engine.timer.Alarms;
import dev.outrun.schema.event.Event;
import dev.outrun.schema.event.EventTypes;
import dev.outrun.schema.json.WireJson;
import dev.outrun.schema.queue.QueueSettings;
import dev.outrun.schema.queue.QueueSettings.Mode;
import dev.outrun.schema.run.RunId;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.streams.state.KeyValueStore;
import org.jspecify.annotations.Nullable;

/**
 * A shard's queues. Stored is what their logs have said and when attempts started; who stands where
 * follows from the open runs, and is in memory only.
 */
final class Queues {

    private final KeyValueStore<String, StoredQueue> store;
    private final int tasksOutMax;
    private final Map<String, Line> lines = new HashMap<>();
    private final Map<RunId, String> logs = new HashMap<>();
    private final Alarms<String> openings = new Alarms<>();

    Queues(KeyValueStore<String, StoredQueue> store, int tasksOutMax) {
        this.store = store;
        this.tasksOutMax = tasksOutMax;
        try (var stored = store.all()) {
            stored.forEachRemaining(each -> {
                StoredQueue queue = each.value;
                lines.put(each.key, new Line(queue.settings(), tasksOutMax, queue.starts()));
                logs.put(queue.log(), each.key);
            });
        }
    }

    /**
     * What the log of a queue has said.
     *
     * @param refused whether claims were refused until then, so that tasks are gone that were out
     */
    record Change(QueueSettings settings, boolean refused) {}

    /** Whether an event is not of a run, but of a queue's log. */
    boolean isOfALog(Event event) {
        return logs.containsKey(event.run())
                || (event.seq() == 0 && event.type().equals(EventTypes.QUEUE_CHANGED));
    }

    /**
     * An event of a queue's log.
     *
     * @return null where the event was seen before
     * @throws IllegalArgumentException if it says no settings
     */
    @Nullable Change changed(Event event) {
        QueueSettings settings = WireJson.read(event.data(), QueueSettings.class);
        StoredQueue before = store.get(settings.queue());
        if (before != null && before.log().equals(event.run()) && event.seq() <= before.seq()) {
            return null;
        }
        Line line = line(settings.queue());
        boolean refused = line.settings().mode() != Mode.ACTIVE;
        line.change(settings);
        logs.put(event.run(), settings.queue());
        store.put(
                settings.queue(),
                new StoredQueue(event.run(), event.seq(), settings, line.starts()));
        return new Change(settings, refused);
    }

    /** The queue's runs that have a task out. */
    List<RunId> out(String queue) {
        Line line = lines.get(queue);
        return line == null ? List.of() : line.out();
    }

    /** A run of the queue is where the store has it; its starts are in the queue's own. */
    void restore(OpenRun run) {
        line(run.facts().request().queue()).move(null, run.standing());
    }

    /** A run of the queue stands elsewhere now. */
    void move(String queue, @Nullable OpenRun before, @Nullable OpenRun after, Instant now) {
        Standing was = before == null ? null : before.standing();
        Standing is = after == null ? null : after.standing();
        Line line = line(queue);
        line.move(was, is);
        boolean started = is instanceof Standing.Live && !(was instanceof Standing.Live);
        StoredQueue stored = started && line.started(now) ? store.get(queue) : null;
        if (stored != null) {
            store.put(
                    queue,
                    new StoredQueue(stored.log(), stored.seq(), stored.settings(), line.starts()));
        }
    }

    /** Who is to be sent a task now; null: nobody, for the time being. */
    @Nullable RunId next(String queue, Instant now) {
        Line line = line(queue);
        RunId next = line.next(now);
        if (next == null) {
            openings.set(queue, line.opensAt(now));
            if (line.isEmpty() && store.get(queue) == null) {
                lines.remove(queue);
            }
        }
        return next;
    }

    /** A queue where somebody may go again, by the time; null: none. */
    @Nullable String pollOpening(Instant now) {
        return openings.pollDue(now);
    }

    /** When somebody may go again, by the time; null: no queue waits for it. */
    @Nullable Instant nextOpening() {
        return openings.nextDue();
    }

    /** Every queue where somebody waits is looked at, soon. */
    void wakeAll(Instant now) {
        lines.keySet().forEach(queue -> openings.set(queue, now));
    }

    private Line line(String queue) {
        return lines.computeIfAbsent(
                queue, name -> new Line(QueueSettings.of(name), tasksOutMax, List.of()));
    }
}
