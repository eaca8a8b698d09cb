package dev.outrun.ledger.memory;

import dev.outrun.ledger.QueueState;
import dev.outrun.ledger.StartRun;
import dev.outrun.schema.error.ErrorCode;
import dev.outrun.schema.error.OutrunException;
import dev.outrun.schema.json.WireJson;
import dev.outrun.schema.queue.QueueSettings;
import dev.outrun.schema.queue.QueueSettings.Mode;
import dev.outrun.schema.queue.QueueSettings.Order;
import dev.outrun.schema.queue.QueueSettings.Rate;
import dev.outrun.schema.queue.QueueSettings.RunTopics;
import dev.outrun.schema.run.RunStatus;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** The SQL functions' rules about queues, for the ledger in memory. Guarded by its lock. */
final class MemoryQueues {

    private static final Set<String> FIELDS =
            Set.of(
                    "mode",
                    "order",
                    "width",
                    "concurrency",
                    "concurrency_per_key",
                    "rate",
                    "run_topics");

    private final Map<String, QueueSettings> settings = new TreeMap<>();
    private final Map<String, List<Start>> starts = new HashMap<>();
    private final Map<String, Held> held = new HashMap<>();

    private record Start(MemoryRun run, int attempt, Instant at) {

        boolean isLive() {
            return run.isLive(attempt);
        }

        boolean isStartedAfter(Instant time) {
            return at.isAfter(time);
        }
    }

    private record Held(MemoryRun run, @Nullable Instant until) {

        boolean isLapsed(Instant now) {
            return until == null ? run.status.isTerminal() : !until.isAfter(now);
        }
    }

    QueueSettings settings(String queue) {
        return settings.getOrDefault(queue, QueueSettings.of(queue));
    }

    boolean isTopicless(String queue) {
        return settings(queue).runTopics() == RunTopics.NONE;
    }

    QueueSettings change(String queue, String json, int shards) {
        Map<?, ?> change =
                object(WireJson.read(json.getBytes(StandardCharsets.UTF_8), Object.class));
        require(FIELDS.containsAll(change.keySet()), "no such field");
        QueueSettings now = settings(queue);
        Integer width = number(change, "width", now.width(), now.width(), 1_024);
        QueueSettings changed =
                new QueueSettings(
                        queue,
                        word(change, "mode", now.mode(), Mode.class),
                        word(change, "order", now.order(), Order.class),
                        width == null ? 0 : width,
                        number(change, "concurrency", now.concurrency(), 1, 10_000),
                        number(change, "concurrency_per_key", now.concurrencyPerKey(), 1, 10_000),
                        rate(change, now.rate()),
                        word(change, "run_topics", now.runTopics(), RunTopics.class));
        int places = Math.min(changed.width(), shards);
        Integer concurrency = changed.concurrency();
        Rate rate = changed.rate();
        require(
                places > 0
                        && (concurrency == null || concurrency >= places)
                        && (rate == null || rate.limit() >= places),
                "more shards than the limit");
        settings.put(queue, changed);
        return changed;
    }

    /** What the shard at this place of so many keeps to: its part of concurrency and rate. */
    static QueueSettings share(QueueSettings whole, int place, int places) {
        Integer concurrency = whole.concurrency();
        Rate rate = whole.rate();
        return new QueueSettings(
                whole.queue(),
                whole.mode(),
                whole.order(),
                whole.width(),
                concurrency == null ? null : (Integer) share(concurrency, place, places),
                whole.concurrencyPerKey(),
                rate == null ? null : new Rate(share(rate.limit(), place, places), rate.perMs()),
                whole.runTopics());
    }

    private static int share(int whole, int place, int places) {
        return whole / places + (place < whole % places ? 1 : 0);
    }

    private static @Nullable Rate rate(Map<?, ?> change, @Nullable Rate now) {
        if (!change.containsKey("rate")) {
            return now;
        } else if (change.get("rate") == null) {
            return null;
        }
        Map<?, ?> rate = object(change.get("rate"));
        require(Set.of("limit", "per_ms").containsAll(rate.keySet()), "no such field");
        Integer limit = number(rate, "limit", now == null ? null : now.limit(), 1, 10_000);
        Integer perMs = number(rate, "per_ms", now == null ? 1_000 : now.perMs(), 1, 86_400_000);
        require(limit != null && perMs != null, "a rate needs a limit");
        return new Rate(Objects.requireNonNull(limit), Objects.requireNonNull(perMs));
    }

    private static Map<?, ?> object(@Nullable Object json) {
        if (json instanceof Map<?, ?> map) {
            return map;
        }
        throw new OutrunException(ErrorCode.INVALID_REQUEST, "not an object");
    }

    private static @Nullable Integer number(
            Map<?, ?> change, String name, @Nullable Integer now, int lowest, int highest) {
        if (!change.containsKey(name)) {
            return now;
        } else if (change.get(name) == null) {
            return null;
        }
        require(
                change.get(name) instanceof Integer n && n >= lowest && n <= highest,
                name + " is no number, or out of bounds");
        return (Integer) change.get(name);
    }

    private static <E extends Enum<E>> E word(
            Map<?, ?> change, String name, E now, Class<E> words) {
        if (!change.containsKey(name)) {
            return now;
        }
        try {
            return Enum.valueOf(words, ((String) change.get(name)).toUpperCase(Locale.ROOT));
        } catch (RuntimeException e) {
            throw new OutrunException(ErrorCode.INVALID_REQUEST, name + " is no such word", e);
        }
    }

    /** Whether an attempt may start now; if so, it counts. */
    boolean admits(MemoryRun run, int attempt, Instant now) {
        QueueSettings queue = settings(run.start.queue());
        if (queue.mode() == Mode.PAUSED || (queue.mode() == Mode.DRAINING && attempt == 1)) {
            return false;
        }
        Rate rate = queue.rate();
        Instant since = rate == null ? now : now.minus(rate.per());
        List<Start> taken = starts.computeIfAbsent(queue.queue(), any -> new ArrayList<>());
        taken.removeIf(start -> !start.isLive() && !start.isStartedAfter(since));
        String key = run.start.concurrencyKey();
        long live = taken.stream().filter(Start::isLive).count();
        long ofKey =
                taken.stream()
                        .filter(start -> start.isLive() && key != null)
                        .filter(start -> Objects.equals(key, start.run().start.concurrencyKey()))
                        .count();
        long recent = taken.stream().filter(start -> start.isStartedAfter(since)).count();
        boolean room =
                isBelow(live, queue.concurrency())
                        && isBelow(ofKey, queue.concurrencyPerKey())
                        && isBelow(recent, rate == null ? null : rate.limit());
        if (room) {
            taken.add(new Start(run, attempt, now));
        }
        return room;
    }

    private static boolean isBelow(long count, @Nullable Integer limit) {
        return limit == null || count < limit;
    }

    /** The run that has this de-duplication key; where none has, this one does from now on. */
    MemoryRun holder(MemoryRun run, StartRun.Dedupe dedupe, Instant now) {
        String name = run.start.tenant().name() + ' ' + run.start.queue() + ' ' + dedupe.key();
        Long window = dedupe.windowMs();
        Held other = held.get(name);
        if (other == null || other.isLapsed(now)) {
            held.put(name, new Held(run, window == null ? null : now.plusMillis(window)));
            return run;
        }
        return other.run();
    }

    int deleteLapsed(Instant now) {
        int before = held.size();
        held.values().removeIf(each -> each.isLapsed(now));
        return before - held.size();
    }

    /** Of those with settings, and of those of runs that have not ended, by name. */
    List<QueueState> states(Collection<MemoryRun> runs) {
        Set<String> names = new TreeSet<>(settings.keySet());
        runs.stream()
                .filter(run -> run.finishedAt == null)
                .forEach(run -> names.add(run.start.queue()));
        return names.stream().map(name -> state(name, runs)).toList();
    }

    /** The settings with the counts of these runs. */
    QueueState state(String queue, Iterable<MemoryRun> runs) {
        Map<RunStatus, Long> counts = new TreeMap<>();
        for (MemoryRun run : runs) {
            if (run.start.queue().equals(queue) && !run.status.isTerminal()) {
                counts.merge(run.status, 1L, Long::sum);
            }
        }
        return new QueueState(settings(queue), counts);
    }

    private static void require(boolean condition, String what) {
        if (!condition) {
            throw new OutrunException(ErrorCode.INVALID_REQUEST, what);
        }
    }
}
