package dev.outrun.testkit;

import dev.outrun.engine.EngineSettings;
import dev.outrun.engine.Guarantee;
import dev.outrun.schema.json.WireJson;
import dev.outrun.schema.work.Decision;
import dev.outrun.schema.work.Heartbeat;
import dev.outrun.schema.work.Interrupt;
import dev.outrun.schema.work.Task;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** The engine, stepped: all of its shards. */
final class SteppedEngine implements Stepped, AutoCloseable {

    private final List<SteppedShard> shards = new ArrayList<>();
    private final VirtualClock clock;
    private final Chooser chooser;
    private final Mailbox<Task> tasks;
    private final Mailbox<Decision> decisions;
    private final Mailbox<Interrupt> interrupts;

    /** The engine over as many shards as the firehose has. */
    SteppedEngine(
            EngineSettings settings,
            Guarantee guarantee,
            Firehose firehose,
            int shardCount,
            VirtualClock clock,
            Chooser chooser) {
        this.clock = clock;
        this.chooser = chooser;
        this.tasks = new Mailbox<>(chooser.random());
        this.decisions = new Mailbox<>(chooser.random());
        this.interrupts = new Mailbox<>(chooser.random());
        for (int shard = 0; shard < shardCount; shard++) {
            shards.add(
                    new SteppedShard(
                            settings,
                            guarantee,
                            firehose.shard(shard),
                            clock.instant(),
                            this::sent));
        }
    }

    Mailbox<Task> tasks() {
        return tasks;
    }

    Mailbox<Decision> decisions() {
        return decisions;
    }

    Mailbox<Interrupt> interrupts() {
        return interrupts;
    }

    /** A worker shows every shard that it lives. */
    void hear(Heartbeat heartbeat) {
        shards.forEach(shard -> shard.hear(heartbeat));
    }

    /** Sees on the clock that it is so late: timers fire. */
    void lookAtTheClock(Instant now) {
        shards.forEach(shard -> shard.moveTo(now));
    }

    /** When it acts next, if it hears of nothing before; null: never. */
    @Nullable Instant nextDue() {
        return shards.stream()
                .map(SteppedShard::nextDue)
                .filter(Objects::nonNull)
                .min(Instant::compareTo)
                .orElse(null);
    }

    @Override
    public @Nullable String move() {
        List<SteppedShard> ready = shards.stream().filter(SteppedShard::hasInput).toList();
        if (!ready.isEmpty()) {
            SteppedShard shard = ready.get(chooser.below(ready.size()));
            shard.takeOne();
            return "read on in shard " + shards.indexOf(shard);
        }
        List<SteppedShard> unsaid = shards.stream().filter(SteppedShard::hasUnsaid).toList();
        if (!unsaid.isEmpty()) {
            SteppedShard shard = unsaid.get(chooser.below(unsaid.size()));
            shard.commit();
            return "committed in shard " + shards.indexOf(shard);
        }
        return null;
    }

    private void sent(String topic, byte[] value) {
        if (topic.equals(SteppedShard.topics().tasks())) {
            tasks.put(WireJson.read(value, Task.class));
        } else if (topic.equals(SteppedShard.topics().decisions())) {
            decisions.put(WireJson.read(value, Decision.class));
        } else if (topic.equals(SteppedShard.topics().interrupts())) {
            interrupts.put(WireJson.read(value, Interrupt.class));
        }
    }

    @Override
    public void commit() {
        shards.forEach(SteppedShard::commit);
    }

    @Override
    public void crash() {
        shards.forEach(shard -> shard.crash(clock.instant()));
    }

    @Override
    public void close() {
        shards.forEach(SteppedShard::close);
    }
}
