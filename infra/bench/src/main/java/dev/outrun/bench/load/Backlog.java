package dev.outrun.bench.load;

import dev.outrun.bench.figure.Micros;
import dev.outrun.schema.run.RunId;
import dev.outrun.schema.sql.PostgresAddress;
import java.sql.Array;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/** Writes appends as fast as can be, many in a transaction, for somebody to publish later. */
public final class Backlog {

    public static final int CONNECTIONS = 4;

    private static final int APPENDS_PER_TRANSACTION = 100;
    private static final String APPEND =
            "select count(outrun.append(run, null, ?::json)) from unnest(?::uuid[]) run";

    private final PostgresAddress address;
    private final List<RunId> runs;
    private final Tick tick;

    /** Of these runs, at least as many as there are connections. */
    public Backlog(PostgresAddress address, List<RunId> runs, Tick tick) {
        this.address = address;
        this.runs = runs;
        this.tick = tick;
    }

    /** Of events, for a transaction on each connection. */
    public static int least(int batch) {
        return CONNECTIONS * APPENDS_PER_TRANSACTION * batch;
    }

    /**
     * Writes so many events, or a transaction's fewer.
     *
     * @param batch of them in an append
     * @return how many they are
     */
    public long write(long events, int batch) throws InterruptedException, ExecutionException {
        long perTransaction = (long) APPENDS_PER_TRANSACTION * batch;
        long each = events / perTransaction / CONNECTIONS;
        List<Callable<Void>> all = new ArrayList<>();
        for (int writer = 0; writer < CONNECTIONS; writer++) {
            UUID[] turn = turn(writer);
            all.add(() -> write(each, turn, batch));
        }
        try (ExecutorService threads = Executors.newFixedThreadPool(CONNECTIONS)) {
            for (Future<Void> ended : threads.invokeAll(all)) {
                ended.get();
            }
        }
        return each * CONNECTIONS * perTransaction;
    }

    /** A transaction's runs: of a writer's own, so that none waits for another one. */
    private UUID[] turn(int writer) {
        List<RunId> own = new ArrayList<>();
        for (int run = writer; run < runs.size(); run += CONNECTIONS) {
            own.add(runs.get(run));
        }
        UUID[] turn = new UUID[APPENDS_PER_TRANSACTION];
        for (int n = 0; n < turn.length; n++) {
            turn[n] = own.get(n % own.size()).value();
        }
        return turn;
    }

    private Void write(long transactions, UUID[] turn, int batch) throws SQLException {
        try (Connection connection = Connections.open(address);
                PreparedStatement statement = connection.prepareStatement(APPEND)) {
            Array all = connection.createArrayOf("uuid", turn);
            statement.setArray(2, all);
            for (long n = 0; n < transactions; n++) {
                statement.setString(1, tick.append(Micros.now(), batch));
                statement.execute();
            }
        }
        return null;
    }
}
