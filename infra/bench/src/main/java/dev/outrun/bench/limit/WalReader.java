package dev.outrun.bench.limit;

import dev.outrun.bench.figure.Ages;
import dev.outrun.bench.figure.Arrivals;
import dev.outrun.bench.load.Tick;
import dev.outrun.schema.sql.PostgresAddress;
import java.nio.ByteBuffer;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.Objects;
import java.util.Properties;
import java.util.concurrent.TimeUnit;
import org.postgresql.PGConnection;
import org.postgresql.replication.PGReplicationStream;

/**
 * The limit of whoever reads the log: pgoutput's bytes as they come, looked through for the time at
 * which they were due, and thrown away. All that is written after it was made is read.
 */
public final class WalReader implements AutoCloseable {

    private static final String SLOT = "bench_reader";

    private final Connection connection;
    private final Arrivals arrivals = new Arrivals();
    private final Thread thread =
            Thread.ofPlatform().name("bench-wal-reader").unstarted(this::read);
    private volatile boolean closed;

    /** Makes a slot, which goes with it. */
    public WalReader(PostgresAddress address) throws SQLException {
        Properties properties = new Properties();
        properties.setProperty("user", address.user());
        properties.setProperty("password", address.password());
        properties.setProperty("replication", "database");
        properties.setProperty("preferQueryMode", "simple");
        properties.setProperty("assumeMinServerVersion", "15");
        connection = DriverManager.getConnection(address.jdbcUrl(), properties);
        connection
                .unwrap(PGConnection.class)
                .getReplicationAPI()
                .createReplicationSlot()
                .logical()
                .withSlotName(SLOT)
                .withOutputPlugin("pgoutput")
                .withTemporaryOption()
                .make();
    }

    /** Begins to read. */
    public void start() {
        thread.start();
    }

    /** The ages of so many since the last time; see {@link Arrivals#await}. */
    public Ages await(long expected) throws InterruptedException {
        return arrivals.await(expected);
    }

    private void read() {
        try (PGReplicationStream stream =
                connection
                        .unwrap(PGConnection.class)
                        .getReplicationAPI()
                        .replicationStream()
                        .logical()
                        .withSlotName(SLOT)
                        .withSlotOption("proto_version", 1)
                        .withSlotOption("publication_names", "outrun")
                        .withStatusInterval(1, TimeUnit.SECONDS)
                        .start()) {
            while (true) {
                ByteBuffer message = Objects.requireNonNull(stream.read());
                long due =
                        Tick.due(
                                message.array(),
                                message.arrayOffset() + message.position(),
                                message.arrayOffset() + message.limit());
                if (due >= 0) {
                    arrivals.arrived(due);
                }
                stream.setFlushedLSN(stream.getLastReceiveLSN());
                stream.setAppliedLSN(stream.getLastReceiveLSN());
            }
        } catch (SQLException e) {
            if (!closed) {
                throw new IllegalStateException("the log cannot be read", e);
            }
        }
    }

    @Override
    public void close() throws SQLException {
        closed = true;
        connection.abort(Runnable::run);
        try {
            thread.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
