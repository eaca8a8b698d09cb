package dev.outrun.bench.load;

import dev.outrun.bench.figure.Ages;
import dev.outrun.bench.figure.Micros;
import dev.outrun.schema.run.RunId;
import dev.outrun.schema.sql.PostgresAddress;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.LongFunction;

/**
 * Applications that append, each on a connection of its own, in transactions of one statement. A
 * run's events are all written on the same one, so in the order in which they are due.
 */
public final class Writers implements AutoCloseable {

    /** Into the runs' logs. */
    public static final String APPEND = "select outrun.append(?, null, ?::json)";

    private final List<Connection> connections = new ArrayList<>();
    private final String sql;

    /**
     * Connects.
     *
     * @param sql of a transaction; its parameters are the run's id and the events' JSON
     */
    public Writers(PostgresAddress address, int count, String sql) throws SQLException {
        this.sql = sql;
        for (int n = 0; n < count; n++) {
            connections.add(Connections.open(address));
        }
    }

    /**
     * Writes to the runs in turn, each time when it is due, however long the last one took.
     *
     * @param perSecond transactions
     * @param events what is written at a time, by that time
     * @return how long the transactions took
     */
    public Ages write(List<RunId> runs, int perSecond, int seconds, LongFunction<String> events)
            throws InterruptedException, ExecutionException {
        long begin = Micros.now();
        Ages took = new Ages();
        List<Callable<Void>> all = new ArrayList<>();
        for (int writer = 0; writer < connections.size(); writer++) {
            int own = writer;
            all.add(() -> {
                try (PreparedStatement statement = connections.get(own).prepareStatement(sql)) {
                    for (long n = 0; n < (long) perSecond * seconds; n++) {
                        int run = (int) (n % runs.size());
                        if (run % connections.size() == own) {
                            long due = begin + n * Micros.PER_SECOND / perSecond;
                            Micros.sleepUntil(due);
                            took.add(execute(statement, runs.get(run), events.apply(due)));
                        }
                    }
                }
                return null;
            });
        }
        try (ExecutorService threads = Executors.newFixedThreadPool(connections.size())) {
            for (Future<Void> ended : threads.invokeAll(all)) {
                ended.get();
            }
        }
        return took;
    }

    private static long execute(PreparedStatement statement, RunId run, String events)
            throws SQLException {
        statement.setObject(1, run.value());
        statement.setString(2, events);
        long begin = System.nanoTime();
        statement.execute();
        return TimeUnit.NANOSECONDS.toMicros(System.nanoTime() - begin);
    }

    @Override
    public void close() throws SQLException {
        for (Connection connection : connections) {
            connection.close();
        }
    }
}
