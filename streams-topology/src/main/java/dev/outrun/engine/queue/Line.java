package dev.outrun.engine.queue;

import dev.outrun.schema.queue.QueueSettings;
import dev.outrun.schema.queue.QueueSettings.Mode;
import dev.outrun.schema.queue.QueueSettings.Order;
import dev.outrun.schema.queue.QueueSettings.Rate;
import dev.outrun.schema.run.RunId;
import java.time.Instant;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * A queue in one shard: who waits, who is out or live, and who goes next. For one thread.
 *
 * <p>Of those that wait the greatest priority goes first, then whoever has been ready longest (or
 * shortest, last in first out). Passed over, until they may go, are runs whose concurrency key is
 * at its limit, and runs of a handler that has {@link #tasksOutMax} tasks out: more would only lie
 * in Kafka, where nobody can overtake them. So a handler without workers holds up no other, unless
 * the queue's own concurrency, or a key's, is used up.
 */
public final class Line {

    private final int tasksOutMax;
    private final Map<RunId, Standing.Waiting> waiting = new HashMap<>();
    private final Map<String, Handler> handlers = new TreeMap<>();
    private final Map<String, Key> keys = new HashMap<>();
    private final Starts starts;
    private QueueSettings settings;
    private Comparator<Standing.Waiting> order;
    private int out;
    private int live;

    /** The runs of one handler. */
    private static final class Handler {
        private final TreeSet<RunId> out = new TreeSet<>();
        private TreeSet<Standing.Waiting> ready;

        private Handler(Comparator<Standing.Waiting> order) {
            ready = new TreeSet<>(order);
        }
    }

    /** The runs with one concurrency key: those that wait, by handler, and the first of each. */
    private static final class Key {
        private final Map<String, TreeSet<Standing.Waiting>> waiting = new TreeMap<>();
        private final Map<String, Standing.Waiting> offered = new HashMap<>();
        private int busy;

        private Key(int busy) {
            this.busy = busy;
        }
    }

    /**
     * An empty queue.
     *
     * @param tasksOutMax tasks not claimed, per handler, after which no more are sent
     * @param starts when attempts started lately, as {@link #starts} said; matters for a rate only
     */
    public Line(QueueSettings settings, int tasksOutMax, List<Starts.Group> starts) {
        this.settings = settings;
        this.tasksOutMax = tasksOutMax;
        this.starts = new Starts(starts);
        this.order = orderOf(settings);
    }

    public QueueSettings settings() {
        return settings;
    }

    /** When attempts started lately; nothing where no rate asks for it. */
    public List<Starts.Group> starts() {
        return starts.groups();
    }

    /** Whether nothing is in it. */
    public boolean isEmpty() {
        return waiting.isEmpty() && out == 0 && live == 0;
    }

    /** The runs that are out. */
    public List<RunId> out() {
        return handlers.values().stream().flatMap(handler -> handler.out.stream()).toList();
    }

    /** Keeps to other settings from now on. */
    public void change(QueueSettings changed) {
        boolean sameOrder =
                changed.order() == settings.order()
                        && Objects.equals(changed.concurrencyPerKey(), settings.concurrencyPerKey())
                        && (changed.mode() == Mode.DRAINING) == (settings.mode() == Mode.DRAINING);
        settings = changed;
        if (!sameOrder) {
            sortAnew();
        }
    }

    /** A run stands elsewhere now; null: not in the queue. */
    public void move(@Nullable Standing before, @Nullable Standing after) {
        if (!Objects.equals(before, after)) {
            remove(before);
            add(after);
        }
    }

    /**
     * An attempt has started; whether that matters to a rate, so that {@link #starts} is to be
     * remembered.
     */
    public boolean started(Instant now) {
        Rate rate = settings.rate();
        if (rate != null) {
            starts.add(now, rate.per());
        }
        return rate != null;
    }

    /** Who is to be sent a task now; null: nobody. */
    public @Nullable RunId next(Instant now) {
        if (settings.mode() == Mode.PAUSED || isAtConcurrency() || isAtRate(now)) {
            return null;
        }
        Standing.Waiting first = null;
        for (Handler handler : handlers.values()) {
            if (handler.out.size() < tasksOutMax && !handler.ready.isEmpty()) {
                Standing.Waiting candidate = handler.ready.first();
                first = first == null || order.compare(candidate, first) < 0 ? candidate : first;
            }
        }
        return first == null ? null : first.run();
    }

    /** When to ask again, as nobody may go before for the rate's sake; null: not for that. */
    public @Nullable Instant opensAt(Instant now) {
        Rate rate = settings.rate();
        return rate != null && !waiting.isEmpty() && isAtRate(now)
                ? starts.fewerThan(rate.limit() - out, rate.per())
                : null;
    }

    private boolean isAtConcurrency() {
        Integer most = settings.concurrency();
        return most != null && out + live >= most;
    }

    private boolean isAtRate(Instant now) {
        Rate rate = settings.rate();
        return rate != null && starts.within(now, rate.per()) + out >= rate.limit();
    }

    private void add(@Nullable Standing standing) {
        switch (standing) {
            case Standing.Waiting waits -> {
                waiting.put(waits.run(), waits);
                offer(waits);
            }
            case Standing.Out(RunId run, String handler, String key) -> {
                handler(handler).out.add(run);
                out++;
                busy(key, 1);
            }
            case Standing.Live(RunId run, String key) -> {
                live++;
                busy(key, 1);
            }
            case null -> {}
        }
    }

    private void remove(@Nullable Standing standing) {
        switch (standing) {
            case Standing.Waiting waits -> {
                waiting.remove(waits.run());
                withdraw(waits);
            }
            case Standing.Out(RunId run, String handler, String key) -> {
                handler(handler).out.remove(run);
                out--;
                busy(key, -1);
            }
            case Standing.Live(RunId run, String key) -> {
                live--;
                busy(key, -1);
            }
            case null -> {}
        }
        handlers.values().removeIf(handler -> handler.out.isEmpty() && handler.ready.isEmpty());
    }

    private Handler handler(String name) {
        return handlers.computeIfAbsent(name, any -> new Handler(order));
    }

    private void offer(Standing.Waiting waits) {
        String name = waits.key();
        if (settings.mode() == Mode.DRAINING && !waits.begun()) {
            return;
        }
        if (name == null || settings.concurrencyPerKey() == null) {
            handler(waits.handler()).ready.add(waits);
        } else {
            Key key = keys.computeIfAbsent(name, any -> new Key(0));
            key.waiting.computeIfAbsent(waits.handler(), any -> new TreeSet<>(order)).add(waits);
            offerFirst(key, waits.handler());
        }
    }

    private void withdraw(Standing.Waiting waits) {
        String handler = waits.handler();
        handler(handler).ready.remove(waits);
        Key key = waits.key() == null ? null : keys.get(waits.key());
        TreeSet<Standing.Waiting> others = key == null ? null : key.waiting.get(handler);
        if (key != null && others != null) {
            others.remove(waits);
            key.offered.remove(handler, waits);
            offerFirst(key, handler);
            if (others.isEmpty()) {
                key.waiting.remove(handler);
            }
            forgetIfIdle(waits.key(), key);
        }
    }

    private void busy(@Nullable String name, int more) {
        if (name != null) {
            Key key = keys.computeIfAbsent(name, any -> new Key(0));
            key.busy += more;
            key.waiting.keySet().forEach(handler -> offerFirst(key, handler));
            forgetIfIdle(name, key);
        }
    }

    /**
     * Of one key's runs only the first of each handler is ready, and only while the key has room:
     * whose turn it is among these depends on which handlers may have more tasks out.
     */
    private void offerFirst(Key key, String handler) {
        Integer most = settings.concurrencyPerKey();
        TreeSet<Standing.Waiting> waits = key.waiting.get(handler);
        boolean room = most != null && key.busy < most;
        Standing.Waiting first = room && waits != null && !waits.isEmpty() ? waits.first() : null;
        Standing.Waiting before = key.offered.get(handler);
        if (!Objects.equals(first, before)) {
            if (before != null) {
                handler(handler).ready.remove(before);
                key.offered.remove(handler);
            }
            if (first != null) {
                handler(handler).ready.add(first);
                key.offered.put(handler, first);
            }
        }
    }

    private void forgetIfIdle(@Nullable String name, Key key) {
        if (key.busy == 0 && key.waiting.isEmpty()) {
            keys.remove(name);
        }
    }

    private void sortAnew() {
        order = orderOf(settings);
        handlers.values().forEach(handler -> handler.ready = new TreeSet<>(order));
        keys.values().removeIf(key -> key.busy == 0);
        keys.replaceAll((name, key) -> new Key(key.busy));
        waiting.values().forEach(this::offer);
    }

    private static Comparator<Standing.Waiting> orderOf(QueueSettings settings) {
        Comparator<Standing.Waiting> byTime =
                Comparator.comparing(Standing.Waiting::since).thenComparing(Standing.Waiting::run);
        return Comparator.comparingInt(Standing.Waiting::priority)
                .reversed()
                .thenComparing(settings.order() == Order.FIFO ? byTime : byTime.reversed());
    }
}
