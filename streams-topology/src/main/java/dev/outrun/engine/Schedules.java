package dev.outrun.engine;

import dev.outrun.engine.schedule.Schedule;
import dev.outrun.engine.timer.Alarms;
import dev.outrun.schema.event.Event;
import dev.outrun.schema.event.EventTypes;
import dev.outrun.schema.json.WireJson;
import dev.outrun.schema.run.RunId;
import dev.outrun.schema.schedule.Passed;
import dev.outrun.schema.schedule.ScheduleSettings;
import dev.outrun.schema.work.Decision;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import org.apache.kafka.streams.state.KeyValueStore;
import org.jspecify.annotations.Nullable;

/** A shard's schedules: stored is what their logs have said, in memory when each is due. */
final class Schedules {

    private final KeyValueStore<String, Schedule> store;
    private final Duration redecideAfter;
    private final Map<RunId, Schedule> schedules = new HashMap<>();
    private final Alarms<RunId> alarms = new Alarms<>();

    /**
     * The schedules in the store.
     *
     * @param redecideAfter when to say a decision again that was not recorded
     */
    Schedules(KeyValueStore<String, Schedule> store, Duration redecideAfter) {
        this.store = store;
        this.redecideAfter = redecideAfter;
        try (var stored = store.all()) {
            stored.forEachRemaining(each -> {
                schedules.put(each.value.log(), each.value);
                alarms.set(each.value.log(), each.value.next());
            });
        }
    }

    /** Whether an event is not of a run, but of a schedule's log. */
    boolean isOfALog(Event event) {
        return schedules.containsKey(event.run())
                || (event.seq() == 0 && event.type().equals(EventTypes.SCHEDULE_CHANGED));
    }

    /**
     * An event of a schedule's log; nothing where it was seen before.
     *
     * @throws IllegalArgumentException if it cannot be read
     */
    void take(Event event) {
        Schedule before = schedules.get(event.run());
        if (before != null && event.seq() <= before.seq()) {
            return;
        }
        switch (event.type()) {
            case EventTypes.SCHEDULE_CHANGED ->
                    keep(
                            Schedule.changed(
                                    event.run(),
                                    event.seq(),
                                    WireJson.read(event.data(), ScheduleSettings.class)));
            case EventTypes.SCHEDULE_FIRED, EventTypes.SCHEDULE_SKIPPED -> {
                Passed passed = WireJson.read(event.data(), Passed.class);
                keep(Objects.requireNonNull(before).passed(event.seq(), passed.at()));
            }
            case EventTypes.SCHEDULE_DELETED -> {
                schedules.remove(event.run());
                store.delete(event.run().toString());
                alarms.set(event.run(), null);
            }
            default -> throw new IllegalArgumentException("no event of a schedule's");
        }
    }

    /** What to record of the schedule that is due next; null: none is due. */
    @Nullable Decision pollDue(Instant now) {
        Decision decision = null;
        while (decision == null) {
            RunId due = alarms.pollDue(now);
            if (due == null) {
                return null;
            }
            Schedule schedule = Objects.requireNonNull(schedules.get(due), "a timer's schedule");
            decision = schedule.due(now);
            alarms.set(due, decision == null ? schedule.next() : now.plus(redecideAfter));
        }
        return decision;
    }

    /** When the next is due; null: none will be. */
    @Nullable Instant nextDue() {
        return alarms.nextDue();
    }

    private void keep(Schedule schedule) {
        schedules.put(schedule.log(), schedule);
        store.put(schedule.log().toString(), schedule);
        alarms.set(schedule.log(), schedule.next());
    }
}
