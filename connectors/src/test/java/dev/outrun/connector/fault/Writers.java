package dev.outrun.connector.fault;

import dev.outrun.schema.run.RunId;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.IntStream;
import javax.sql.DataSource;
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

    private static final Duration RECONNECT = Duration.ofMillis(20);

    /** After a time without Postgres they are behind their pace; they do not make up for all. */
    private static final Duration BEHIND_MAX = Duration.ofSeconds(1);

    private static final int RUNS_AT_ONCE_MAX = 4;
    private static final int EVENTS_AT_ONCE_MAX = 5;

    private final DataSource database;
    private final List<RunId> runs = new CopyOnWriteArrayList<>();
    private final List<CompletableFuture<Void>> all;
    private volatile boolean stopped;
    private long written;

    /** Begins to write; what is written follows from the seed, but for what times decide. */
    Writers(DataSource database, long seed) throws SQLException {
        this.database = database;
        try (Connection connection = database.getConnection()) {
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
            try (Connection connection = database.getConnection()) {
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
            int events = transaction(connection, random);
            add(events);
            long now = System.nanoTime();
            due = Math.max(due, now - BEHIND_MAX.toNanos()) + events * nanosPerEvent;
            LockSupport.parkNanos(due - now);
        }
    }

    private synchronized void add(int events) {
        written += events;
        notifyAll();
    }

    /** Returns how many events have committed. */
    private int transaction(Connection connection, Random random) throws SQLException {
        RunId started = null;
        int events = 0;
        if (runs.size() < RUNS_MAX && random.nextInt(10) == 0) {
            started = start(connection, random);
            events += append(connection, started, random) + 1;
        }
        int appendsMax = random.nextInt(150) == 0 ? 150 : 3;
        for (RunId run : some(random)) {
            for (int appends = random.nextInt(appendsMax); appends >= 0; appends--) {
                events += append(connection, run, random);
            }
        }
        if (random.nextInt(30) == 0) {
            connection.rollback();
            return 0;
        }
        connection.commit();
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

    private static int append(Connection connection, RunId run, Random random) throws SQLException {
        List<String> events = new ArrayList<>();
        for (int i = random.nextInt(EVENTS_AT_ONCE_MAX); i >= 0; i--) {
            events.add(
                    "{\"type\":\"test.said\",\"data\":{\"n\":%d,\"text\":\"%s\"}}"
                            .formatted(random.nextLong(), "x".repeat(random.nextInt(200))));
        }
        try (PreparedStatement statement =
                connection.prepareStatement("select outrun.append(?, null, ?::json)")) {
            statement.setObject(1, run.value());
            statement.setString(2, events.toString());
            statement.execute();
            return events.size();
        }
    }
}
