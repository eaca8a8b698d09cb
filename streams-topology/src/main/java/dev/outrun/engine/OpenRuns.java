package dev.outrun.engine;

import dev.outrun.engine.run.OpenRun;
import dev.outrun.engine.run.RunState;
import dev.outrun.engine.timer.Timers;
import dev.outrun.engine.worker.Workers;
import dev.outrun.schema.run.RunId;
import java.time.Instant;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.apache.kafka.streams.state.KeyValueStore;
import org.jspecify.annotations.Nullable;

/**
 * A shard's open runs, with the two indexes over them: what is due when, and who holds what.
 *
 * <p>The runs are the only store. The indexes follow from them and live in memory: two stores have
 * two changelogs, and a process that dies between two writes would leave a run whose timer is
 * nowhere. Making them anew costs one look at each open run when the shard is taken over.
 *
 * <p>The runs themselves are in memory too, and the store hears only of what the engine has to
 * remember: a user's event moves a run's seq and nothing else, and is most of the firehose. After a
 * take-over a run's seq may therefore be one it was past; the users' events behind it change
 * nothing when they come again.
 */
final class OpenRuns {

    private final KeyValueStore<String, OpenRun> store;
    private final Map<RunId, OpenRun> runs = new HashMap<>();
    private final Set<RunId> restored = new HashSet<>();
    private final Timers timers;
    private final Workers workers;

    /** The runs in the store, indexed. */
    OpenRuns(KeyValueStore<String, OpenRun> store, Timers timers, Workers workers) {
        this.store = store;
        this.timers = timers;
        this.workers = workers;
        try (var stored = store.all()) {
            while (stored.hasNext()) {
                OpenRun run = stored.next().value;
                RunId id = run.facts().run();
                runs.put(id, run);
                restored.add(id);
                index(id, null, run.state());
            }
        }
    }

    @Nullable OpenRun get(RunId run) {
        return runs.get(run);
    }

    /** Whether a run's seq may be one that it is past: it has not moved since it was restored. */
    boolean mayBePastItsSeq(RunId run) {
        return restored.contains(run);
    }

    /** Puts a run where it is now; null where its log is closed. */
    void move(RunId run, @Nullable OpenRun before, @Nullable OpenRun after) {
        index(run, before == null ? null : before.state(), after == null ? null : after.state());
        restored.remove(run);
        if (after == null) {
            runs.remove(run);
            store.delete(run.toString());
        } else {
            runs.put(run, after);
            if (before == null || !after.isWhere(before)) {
                store.put(run.toString(), after);
            }
        }
    }

    private void index(RunId run, @Nullable RunState was, @Nullable RunState is) {
        Instant dueBefore = was == null ? null : was.due();
        Instant due = is == null ? null : is.due();
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
