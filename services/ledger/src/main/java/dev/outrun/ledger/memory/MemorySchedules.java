package dev.outrun.ledger.memory;

import dev.outrun.ledger.ScheduleState;
import dev.outrun.ledger.StartRun;
import dev.outrun.schema.error.ErrorCode;
import dev.outrun.schema.error.OutrunException;
import dev.outrun.schema.event.Event;
import dev.outrun.schema.event.EventTypes;
import dev.outrun.schema.json.WireJson;
import dev.outrun.schema.run.RunId;
import dev.outrun.schema.run.Tenant;
import dev.outrun.schema.schedule.Occurrences;
import dev.outrun.schema.schedule.ScheduleSettings;
import dev.outrun.schema.schedule.ScheduleSettings.CatchUp;
import dev.outrun.schema.work.Decision;
import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** The SQL functions' rules about schedules, for the ledger in memory. Guarded by its lock. */
final class MemorySchedules {

    private static final Set<String> FIELDS =
            Set.of("cron", "time_zone", "every_ms", "starts_at", "ends_at", "catch_up", "run");
    private static final Set<String> RUN_FIELDS =
            Set.of(
                    "handler",
                    "input",
                    "queue",
                    "priority",
                    "concurrency_key",
                    "dedupe_key",
                    "dedupe_ms",
                    "retry",
                    "timeout_ms",
                    "attempt_timeout_ms");
    private static final String TIME_ZONE = "UTC|[A-Z][A-Za-z_]*(/[A-Za-z0-9_+-]+)+";

    private final MemoryRuns runs;
    private final Map<String, Schedule> schedules = new TreeMap<>();

    MemorySchedules(MemoryRuns runs) {
        this.runs = runs;
    }

    private static final class Schedule {

        private final Instant createdAt;
        private final List<Event> log = new ArrayList<>();
        private ScheduleSettings settings;
        private Map<?, ?> run;
        private long changed;
        private @Nullable Instant lastAt;
        private @Nullable RunId lastRun;
        private Instant updatedAt;

        Schedule(ScheduleSettings settings, Map<?, ?> run, Instant now) {
            this.settings = settings;
            this.run = run;
            this.createdAt = now;
            this.updatedAt = now;
        }

        ScheduleState state() {
            String json = new String(WireJson.write(run), StandardCharsets.UTF_8);
            return new ScheduleState(
                    settings, log.getFirst().run(), json, lastAt, lastRun, createdAt, updatedAt);
        }
    }

    boolean put(Tenant tenant, String name, String json) {
        MemoryRuns.requireQueueName(name);
        Map<?, ?> said = object(WireJson.read(json.getBytes(StandardCharsets.UTF_8), Object.class));
        require(FIELDS.containsAll(said.keySet()), "no such field");
        Map<?, ?> run = object(said.get("run"));
        require(RUN_FIELDS.containsAll(run.keySet()), "no such field of a run");
        runs.check(start(tenant, name, run, null));
        Schedule before = schedules.get(key(tenant, name));
        ScheduleSettings settings =
                settings(tenant, name, said, before == null ? null : before.settings);
        if (before == null) {
            change(tenant, name, new Schedule(settings, run, runs.now()), settings);
        } else if (!settings.equals(before.settings) || !run.equals(before.run)) {
            before.run = run;
            change(tenant, name, before, settings);
        }
        return true;
    }

    private ScheduleSettings settings(
            Tenant tenant, String name, Map<?, ?> said, @Nullable ScheduleSettings before) {
        String cron = text(said, "cron");
        Long everyMs = said.get("every_ms") instanceof Number number ? number.longValue() : null;
        String zone = text(said, "time_zone");
        require((cron == null) != (said.get("every_ms") == null), "a cron or an interval");
        require(cron != null || zone == null, "a time zone without a cron");
        require(zone == null || zone.matches(TIME_ZONE), "no time zone");
        require(
                everyMs == null ? cron != null : everyMs >= 1_000 && everyMs <= 31_622_400_000L,
                "no interval");
        Instant startsAt = time(said, "starts_at");
        if (everyMs != null && startsAt == null) {
            startsAt =
                    before != null && everyMs.equals(before.everyMs())
                            ? before.startsAt()
                            : runs.now().truncatedTo(ChronoUnit.MILLIS).plusMillis(everyMs);
        }
        String timeZone = cron == null ? null : zone == null ? "UTC" : zone;
        boolean paused = before != null && before.paused();
        Instant after =
                before != null
                                && Objects.equals(cron, before.cron())
                                && Objects.equals(timeZone, before.timeZone())
                                && Objects.equals(everyMs, before.everyMs())
                                && Objects.equals(startsAt, before.startsAt())
                        ? before.after()
                        : runs.now();
        ScheduleSettings settings =
                new ScheduleSettings(
                        tenant.name(),
                        name,
                        cron,
                        timeZone,
                        everyMs,
                        startsAt,
                        time(said, "ends_at"),
                        catchUp(said),
                        paused,
                        after);
        try {
            Occurrences.of(settings);
        } catch (IllegalArgumentException e) {
            throw new OutrunException(ErrorCode.INVALID_REQUEST, "no recurrence", e);
        }
        return settings;
    }

    private void change(Tenant tenant, String name, Schedule schedule, ScheduleSettings settings) {
        schedule.settings = settings;
        schedule.changed = schedule.log.size();
        schedules.put(key(tenant, name), schedule);
        write(schedule, EventTypes.SCHEDULE_CHANGED, WireJson.write(settings));
    }

    private void write(Schedule schedule, String type, byte[] data) {
        schedule.updatedAt = runs.now();
        runs.writeControl(schedule.log, shard(schedule.settings), type, data);
    }

    private int shard(ScheduleSettings settings) {
        return Math.floorMod(
                (settings.tenant() + ' ' + settings.schedule()).hashCode(), runs.shards);
    }

    boolean pause(Tenant tenant, String name, boolean paused) {
        Schedule schedule = known(tenant, name);
        ScheduleSettings now = schedule.settings;
        if (now.paused() == paused) {
            return false;
        }
        Instant after = paused ? now.after() : runs.now();
        change(tenant, name, schedule, with(now, paused, after));
        return true;
    }

    boolean delete(Tenant tenant, String name) {
        Schedule schedule = known(tenant, name);
        schedules.remove(key(tenant, name));
        write(schedule, EventTypes.SCHEDULE_DELETED, WireJson.write(Map.of()));
        return true;
    }

    RunId trigger(Tenant tenant, String name) {
        return runs.startRun(start(tenant, name, known(tenant, name).run, null));
    }

    boolean record(RunId log, Decision.OfSchedule decision) {
        Schedule schedule =
                schedules.values().stream()
                        .filter(each -> each.log.getFirst().run().equals(log))
                        .filter(each -> each.changed == decision.changed())
                        .filter(each -> !each.settings.paused())
                        .filter(each -> each.settings.after().isBefore(decision.at()))
                        .findFirst()
                        .orElse(null);
        if (schedule == null) {
            return false;
        }
        String at = MemoryRuns.at(decision.at());
        switch (decision) {
            case Decision.Fire d -> {
                Tenant tenant = new Tenant(schedule.settings.tenant());
                String name = schedule.settings.schedule();
                schedule.lastAt = d.at();
                schedule.lastRun =
                        runs.startRun(
                                start(tenant, name, schedule.run, d.at()).toBuilder()
                                        .idempotencyKey("schedule:" + name + ":" + d.at())
                                        .build());
                pass(schedule, d);
                String run = ",\"run\":\"" + schedule.lastRun + "\"";
                write(schedule, EventTypes.SCHEDULE_FIRED, passed(at, run, d.missed()));
            }
            case Decision.Skip d -> {
                pass(schedule, d);
                write(schedule, EventTypes.SCHEDULE_SKIPPED, passed(at, "", d.missed()));
            }
        }
        return true;
    }

    private static void pass(Schedule schedule, Decision.OfSchedule decision) {
        ScheduleSettings now = schedule.settings;
        schedule.settings = with(now, now.paused(), decision.at());
    }

    private static ScheduleSettings with(ScheduleSettings now, boolean paused, Instant after) {
        return new ScheduleSettings(
                now.tenant(),
                now.schedule(),
                now.cron(),
                now.timeZone(),
                now.everyMs(),
                now.startsAt(),
                now.endsAt(),
                now.catchUp(),
                paused,
                after);
    }

    private static byte[] passed(String at, String run, long missed) {
        return ("{\"at\":" + at + run + ",\"missed\":" + missed + "}")
                .getBytes(StandardCharsets.UTF_8);
    }

    /** The log with this id; empty if it is no schedule's. */
    List<Event> log(RunId id) {
        return schedules.values().stream()
                .map(each -> each.log)
                .filter(log -> log.getFirst().run().equals(id))
                .findFirst()
                .orElse(List.of());
    }

    Optional<ScheduleState> get(Tenant tenant, String name) {
        return Optional.ofNullable(schedules.get(key(tenant, name))).map(Schedule::state);
    }

    List<ScheduleState> page(Tenant tenant, @Nullable String after, int limit) {
        return schedules.values().stream()
                .map(Schedule::state)
                .filter(each -> each.settings().tenant().equals(tenant.name()))
                .filter(each -> after == null || each.settings().schedule().compareTo(after) > 0)
                .limit(limit)
                .toList();
    }

    private Schedule known(Tenant tenant, String name) {
        Schedule schedule = schedules.get(key(tenant, name));
        if (schedule == null) {
            throw new OutrunException(ErrorCode.UNKNOWN_SCHEDULE, "unknown schedule " + name);
        }
        return schedule;
    }

    private static StartRun start(Tenant tenant, String name, Map<?, ?> run, @Nullable Instant at) {
        StartRun start = new MemoryFlow(run, List.of()).start(tenant, null);
        String key = text(run, "dedupe_key");
        Long window = run.get("dedupe_ms") instanceof Number ms ? (Long) ms.longValue() : null;
        if (start.retry() != null) {
            MemoryJson.checkRetry(start.retry());
        }
        return start.toBuilder()
                .dedupe(key == null ? null : new StartRun.Dedupe(key, window))
                .scheduled(new StartRun.Scheduled(name, at))
                .build();
    }

    private static String key(Tenant tenant, String name) {
        return tenant.name() + ' ' + name;
    }

    private static CatchUp catchUp(Map<?, ?> said) {
        String word = text(said, "catch_up");
        try {
            return word == null ? CatchUp.ONE : CatchUp.valueOf(word.toUpperCase(Locale.ROOT));
        } catch (IllegalArgumentException e) {
            throw new OutrunException(ErrorCode.INVALID_REQUEST, "no such word", e);
        }
    }

    private static @Nullable Instant time(Map<?, ?> said, String name) {
        String time = text(said, name);
        try {
            return time == null ? null : Instant.parse(time);
        } catch (DateTimeException e) {
            throw new OutrunException(ErrorCode.INVALID_REQUEST, name + " is no time", e);
        }
    }

    private static @Nullable String text(Map<?, ?> said, String name) {
        Object value = said.get(name);
        require(value == null || value instanceof String, name + " is no text");
        return (String) value;
    }

    private static Map<?, ?> object(@Nullable Object json) {
        if (json instanceof Map<?, ?> map) {
            return map;
        }
        throw new OutrunException(ErrorCode.INVALID_REQUEST, "not an object");
    }

    private static void require(boolean condition, String what) {
        MemoryRuns.require(condition, ErrorCode.INVALID_REQUEST, what);
    }
}
