package dev.outrun.engine;

import dev.outrun.engine.run.OpenRun;
import dev.outrun.engine.run.RunState;
import dev.outrun.engine.timer.Timers;
import dev.outrun.engine.worker.Workers;
import dev.outrun.schema.run.RunId;
import java.time.Instant;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.apache.kafka.streams.state.KeyValueStore;
import org.jspecify.annotations.Nullable;

/**
 * A shard's open runs, with the indexes over them: what is due when, who holds what, and who stands
 * where in its queue.
 *
 * <p>The runs are stored once. The indexes follow from them and live in memory: two stores have two
 * changelogs, and a process that dies between two writes would leave a run whose timer is nowhere.
 * Making them anew costs one look at each open run when the shard is taken over.
 *
 * <p>The runs themselves are in memory too, and the store hears only of what the engine has to
 * remember, once per {@linkplain #save step}: a user's event moves a run's seq and nothing else,
 * and is most of the firehose. After a take-over a run's seq may therefore be one it was past; the
 * users' events behind it change nothing when they come again.
 */
final class OpenRuns {

    private final KeyValueStore<String, OpenRun> store;
    private final Map<RunId, OpenRun> runs = new HashMap<>();
    private final Set<RunId> restored = new HashSet<>();
    private final Set<RunId> moved = new LinkedHashSet<>();
    private final Timers<RunId> timers;
    private final Workers workers;
    private final Queues queues;

    /** The runs in the store, indexed; every queue where some wait is looked at now. */
    OpenRuns(
            KeyValueStore<String, OpenRun> store,
            Timers<RunId> timers,
            Workers workers,
            Queues queues,
            Instant now) {
        this.store = store;
        this.timers = timers;
        this.workers = workers;
        this.queues = queues;
        try (var stored = store.all()) {
            while (stored.hasNext()) {
                OpenRun run = stored.next().value;
                RunId id = run.facts().run();
                runs.put(id, run);
                restored.add(id);
                index(id, null, run);
                queues.restore(run);
            }
        }
        queues.wakeAll(now);
    }

    @Nullable OpenRun get(RunId run) {
        return runs.get(run);
    }

    /**
     * An event of the run's has come; whether it is the first since the run was restored, with a
     * seq that it may have been past before.
     */
    boolean firstSinceRestore(RunId run) {
        return restored.remove(run);
    }

    /**
     * Puts a run where it is now, to be {@linkplain #save saved}; null where its log is closed.
     *
     * @return whether more than its seq has moved
     */
    boolean move(RunId run, @Nullable OpenRun before, @Nullable OpenRun after, Instant now) {
        if (after == null) {
            if (before == null) {
                return false;
            }
            restored.remove(run);
            runs.remove(run);
        } else {
            runs.put(run, after);
            if (before != null && after.isWhere(before)) {
                return false;
            }
        }
        moved.add(run);
        index(run, before, after);
        OpenRun either = Objects.requireNonNull(after == null ? before : after);
        queues.move(either.facts().request().queue(), before, after, now);
        return true;
    }

    /** Keeps the runs that have moved where they are now: to be called at the end of each step. */
    void save() {
        for (RunId run : moved) {
            // Of a run that has ended, null: delete() would read what was stored, to return it.
            store.put(run.toString(), runs.get(run));
        }
        moved.clear();
    }

    private void index(RunId run, @Nullable OpenRun before, @Nullable OpenRun after) {
        RunState was = before == null ? null : before.state();
        RunState is = after == null ? null : after.state();
        Instant dueBefore = before == null ? null : before.due();
        Instant due = after == null ? null : after.due();
        if (!Objects.equals(dueBefore, due)) {
            if (dueBefore != null) {
                timers.cancel(dueBefore, run);
            }
            if (due != null) {
                timers.set(due, run);
            }
        }
        String heldBefore = was instanceof RunState.Live live ? live.claimant() : null;
        String held = is instanceof RunState.Live live ? live.claimant() : null;
        // A claim is a sign of life: the same claim must not be made again by a timer of ours.
        if (!Objects.equals(heldBefore, held)) {
            if (heldBefore != null) {
                workers.released(heldBefore, run);
            }
            if (held != null) {
                workers.claimed(held, run);
            }
        }
    }
}
