package dev.outrun.engine.worker;

import dev.outrun.schema.run.RunId;
import dev.outrun.schema.work.Heartbeat;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * The workers as one shard sees them: which session of each lives, who holds which runs, and who
 * has fallen silent. For one thread.
 *
 * <p>Nothing of it is stored. Who holds what is an index over the open runs; who lives is said
 * again every second. So a shard that is taken over begins with everybody alive, and silence counts
 * from then: the engine may have been away while the workers lived.
 *
 * <p>Silence is not measured on the wall clock but by the time spent listening: the time between
 * two looks, of which no more counts than a quarter of the timeout. A process that was frozen, or
 * stuck in a commit while its broker was away, has not listened and blames nobody.
 */
public final class Workers {

    /** A worker's latest known session. */
    private record Life(long session, boolean left, Duration heard) {}

    /** A claimant that holds runs. */
    private static final class Holder {
        private final Set<RunId> runs = new TreeSet<>();
        private Duration heard;

        private Holder(Duration heard) {
            this.heard = heard;
        }
    }

    private final Duration timeout;
    private final Duration stepMax;
    private final Map<String, Life> lives = new HashMap<>();
    private final TreeMap<String, Holder> holders = new TreeMap<>();
    private Duration listened = Duration.ZERO;
    private @Nullable Instant looked;

    /** Workers nobody of whom has been heard yet; who stays silent for the timeout is lost. */
    public Workers(Duration timeout) {
        this.timeout = timeout;
        this.stepMax = timeout.dividedBy(4);
    }

    /** A claimant holds a run from now on, which is a sign of life too. */
    public void claimed(String claimant, RunId run) {
        Holder holder = holders.computeIfAbsent(claimant, name -> new Holder(listened));
        holder.heard = listened;
        holder.runs.add(run);
    }

    /** A claimant holds a run no longer. */
    public void released(String claimant, RunId run) {
        Holder holder = holders.get(claimant);
        if (holder != null && holder.runs.remove(run) && holder.runs.isEmpty()) {
            holders.remove(claimant);
        }
    }

    /** Why a claimant is known to be gone; null if it is not. */
    public @Nullable String goneBecause(String claimant) {
        Heartbeat own = Heartbeat.of(claimant).orElse(null);
        Life life = own == null ? null : lives.get(own.worker());
        if (own == null || life == null || own.session() > life.session()) {
            return null;
        } else if (own.session() < life.session()) {
            return "worker started again";
        }
        return life.left() ? "worker left" : null;
    }

    /** Hears a sign of life, and says what is lost by it: what dead sessions of the worker hold. */
    public List<Loss> heard(Heartbeat heartbeat) {
        Life life = lives.get(heartbeat.worker());
        if (life != null && heartbeat.session() < life.session()) {
            return List.of(); // a dead session's last words
        }
        boolean hadLeft = life != null && life.session() == heartbeat.session() && life.left();
        boolean left = hadLeft || heartbeat.leaving();
        lives.put(heartbeat.worker(), new Life(heartbeat.session(), left, listened));
        Holder alive = holders.get(Heartbeat.claimant(heartbeat.worker(), heartbeat.session()));
        if (alive != null) {
            alive.heard = listened;
        }
        List<Loss> losses = new ArrayList<>();
        for (var holding : holders.tailMap(heartbeat.worker() + "@").entrySet()) {
            if (!holding.getKey().startsWith(heartbeat.worker() + "@")) {
                break;
            }
            String reason = goneBecause(holding.getKey());
            if (reason != null && isOf(heartbeat.worker(), holding.getKey())) {
                holding.getValue().runs.forEach(run -> losses.add(new Loss(run, reason)));
            }
        }
        return losses;
    }

    /** Looks who has been silent for too long, and says what is lost by it. */
    public List<Loss> silent(Instant now) {
        if (looked != null) {
            listened = listened.plus(bounded(Duration.between(looked, now)));
        }
        looked = now;
        lives.values().removeIf(life -> isSilent(life.heard()));
        List<Loss> losses = new ArrayList<>();
        for (Holder holder : holders.values()) {
            if (isSilent(holder.heard)) {
                holder.runs.forEach(run -> losses.add(new Loss(run, "worker silent")));
            }
        }
        return losses;
    }

    private static boolean isOf(String worker, String claimant) {
        return Heartbeat.of(claimant).filter(own -> own.worker().equals(worker)).isPresent();
    }

    private boolean isSilent(Duration heard) {
        return listened.minus(heard).compareTo(timeout) >= 0;
    }

    private Duration bounded(Duration step) {
        if (step.isNegative()) {
            return Duration.ZERO;
        }
        return step.compareTo(stepMax) > 0 ? stepMax : step;
    }
}
