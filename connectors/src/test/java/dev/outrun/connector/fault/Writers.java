package dev.outrun.connector.fault;

import dev.outrun.schema.run.RunId;
import dev.outrun.teststack.process.Futures;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Applications that append, on connections of their own, to the same runs; their transactions
 * interleave. One that has lost its connection makes another and goes on; whether its last commit
 * happened it does not know: the ledger does. Thread-safe.
 */
final class Writers implements AutoCloseable {

    static final int CONNECTIONS = 8;
    static final int RUNS_MAX = 200;
    static final int EVENTS_PER_SECOND = 2_000;

    /** Where connections come from: to the primary there is just then. */
    @FunctionalInterface
    interface Connections {
        Connection open() throws SQLException;
    }

    private static final Duration RECONNECT = Duration.ofMillis(20);

    /** After a time without Postgres they are behind their pace; they do not make up for all. */
    private static final Duration BEHIND_MAX = Duration.ofSeconds(1);

    private static final int RUNS_AT_ONCE_MAX = 4;
    private static final int EVENTS_AT_ONCE_MAX = 5;

    /** Of an event's text, by default. */
    private static final int TEXT_MAX = 200;

    private final Connections database;
    private final int textMin;
    private final int textMax;
    private final List<RunId> runs = new CopyOnWriteArrayList<>();
    private final List<CompletableFuture<Void>> all;
    private volatile boolean stopped;
    private long written;
    private final Map<RunId, Long> acknowledged = new ConcurrentHashMap<>();
    private List<Long> latencies = new ArrayList<>();

    /** Begins to write; what is written follows from the seed, but for what times decide. */
    Writers(Connections database, long seed) throws SQLException {
        this(database, seed, 0, TEXT_MAX);
    }

    /** The same, with events of so many characters, from the least to below the most. */
    Writers(Connections database, long seed, int textMin, int textMax) throws SQLException {
        this.database = database;
        this.textMin = textMin;
        this.textMax = textMax;
        try (Connection connection = database.open()) {
            for (int i = 0; i < RUNS_AT_ONCE_MAX; i++) {
                runs.add(start(connection, new Random(seed)));
            }
        }
        this.all =
                IntStream.range(0, CONNECTIONS).mapToObj(n -> begin(new Random(seed + n))).toList();
    }

    /** Waits for so many more events, and no longer than the limit; returns how many there were. */
    synchronized int awaitWritten(int more, Duration limit) throws InterruptedException {
        long begin = written;
        long deadline = System.nanoTime() + limit.toNanos();
        long left = limit.toMillis();
        while (written - begin < more && left > 0) {
            wait(left);
            left = (deadline - System.nanoTime()) / 1_000_000;
        }
        return Math.toIntExact(written - begin);
    }

    /** Events whose commit was answered. */
    synchronized long written() {
        return written;
    }

    /** Per run, the seq behind the last event whose commit was answered. */
    Map<RunId, Long> acknowledged() {
        return acknowledged;
    }

    /** How many nanoseconds each transaction has taken since this was last asked, rising. */
    synchronized List<Long> takeLatencies() {
        List<Long> taken = latencies;
        latencies = new ArrayList<>();
        taken.sort(null);
        return taken;
    }

    /** Why one of them gave up; null if none did. */
    @Nullable String trouble() {
        return all.stream()
                .filter(CompletableFuture::isCompletedExceptionally)
                .map(one -> "a writer gave up: " + one.exceptionNow())
                .findFirst()
                .orElse(null);
    }

    /** Ends them, and waits for the last transaction of each. */
    void stop(Duration limit) throws InterruptedException {
        close();
        Futures.await(
                CompletableFuture.allOf(all.toArray(CompletableFuture<?>[]::new)),
                limit,
                "the writers' last transactions");
    }

    /** Lets them end when they next look. */
    @Override
    public void close() {
        stopped = true;
    }

    private CompletableFuture<Void> begin(Random random) {
        CompletableFuture<Void> done = new CompletableFuture<>();
        Thread.ofPlatform()
                .daemon()
                .name("writer")
                .start(() -> {
                    try {
                        writeAll(random);
                        done.complete(null);
                    } catch (SQLException | RuntimeException e) {
                        done.completeExceptionally(e);
                    }
                });
        return done;
    }

    private void writeAll(Random random) throws SQLException {
        while (!stopped) {
            try (Connection connection = database.open()) {
                connection.setAutoCommit(false);
                write(connection, random);
            } catch (SQLException e) {
                if (!isAway(e)) {
                    throw e;
                }
                LockSupport.parkNanos(RECONNECT.toNanos());
            }
        }
    }

    /** Whether it is about the connection or the server: all else is a mistake of ours. */
    private static boolean isAway(SQLException e) {
        String state = e.getSQLState();
        return state != null && (state.startsWith("08") || state.startsWith("57P"));
    }

    /** Transactions, at this connection's part of the pace. */
    private void write(Connection connection, Random random) throws SQLException {
        long nanosPerEvent = 1_000_000_000L * CONNECTIONS / EVENTS_PER_SECOND;
        long due = System.nanoTime();
        while (!stopped) {
            long begin = System.nanoTime();
            int events = transaction(connection, random);
            long now = System.nanoTime();
            add(events, now - begin);
            due = Math.max(due, now - BEHIND_MAX.toNanos()) + events * nanosPerEvent;
            LockSupport.parkNanos(due - now);
        }
    }

    private synchronized void add(int events, long nanos) {
        written += events;
        latencies.add(nanos);
        notifyAll();
    }

    /** Returns how many events have committed. */
    private int transaction(Connection connection, Random random) throws SQLException {
        RunId started = null;
        int events = 0;
        Map<RunId, Long> ends = new HashMap<>();
        if (runs.size() < RUNS_MAX && random.nextInt(10) == 0) {
            started = start(connection, random);
            events += append(connection, started, random, ends) + 1;
        }
        int appendsMax = random.nextInt(150) == 0 ? 150 : 3;
        for (RunId run : some(random)) {
            for (int appends = random.nextInt(appendsMax); appends >= 0; appends--) {
                events += append(connection, run, random, ends);
            }
        }
        if (random.nextInt(30) == 0) {
            connection.rollback();
            return 0;
        }
        connection.commit();
        ends.forEach((run, end) -> acknowledged.merge(run, end, Math::max));
        if (started != null) {
            runs.add(started);
        }
        return events;
    }

    /** In one order for all, so that nobody waits for somebody who waits for him. */
    private SortedSet<RunId> some(Random random) {
        SortedSet<RunId> some = new TreeSet<>((a, b) -> a.value().compareTo(b.value()));
        for (int i = random.nextInt(RUNS_AT_ONCE_MAX); i >= 0; i--) {
            some.add(runs.get(random.nextInt(runs.size())));
        }
        return some;
    }

    private static RunId start(Connection connection, Random random) throws SQLException {
        try (PreparedStatement statement =
                connection.prepareStatement(
                        "select outrun.start_run('test', queue => ?, tenant => ?)")) {
            statement.setString(1, "q" + random.nextInt(10));
            statement.setString(2, random.nextInt(4) == 0 ? "other" : "default");
            try (ResultSet row = statement.executeQuery()) {
                row.next();
                return RunId.parse(row.getString(1));
            }
        }
    }

    private int append(Connection connection, RunId run, Random random, Map<RunId, Long> ends)
            throws SQLException {
        List<String> events = new ArrayList<>();
        for (int i = random.nextInt(EVENTS_AT_ONCE_MAX); i >= 0; i--) {
            events.add(
                    "{\"type\":\"test.said\",\"data\":{\"n\":%d,\"text\":\"%s\"}}"
                            .formatted(
                                    random.nextLong(),
                                    "x".repeat(textMin + random.nextInt(textMax - textMin))));
        }
        try (PreparedStatement statement =
                connection.prepareStatement("select outrun.append(?, null, ?::json)")) {
            statement.setObject(1, run.value());
            statement.setString(2, events.toString());
            try (ResultSet row = statement.executeQuery()) {
                row.next();
                ends.put(run, row.getLong(1) + events.size());
            }
            return events.size();
        }
    }
}
