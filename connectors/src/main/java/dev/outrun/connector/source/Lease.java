package dev.outrun.connector.source;

import dev.outrun.schema.sql.PostgresAddress;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * The right to publish a split, which one process at a time has: a row in {@code outrun.lease},
 * renewed long before its time is up. While it is held, nobody has a lease of the same connector
 * with another number of splits. Thread-safe.
 *
 * <p>Its end is decided by the database's clock alone. The holder counts from before it asked, by a
 * clock that does not jump, so it stops before anybody else may begin; a successor waits a little
 * longer, for what the holder has sent at the last moment to arrive.
 */
public final class Lease implements AutoCloseable {

    /** Without a renewal. */
    private static final Duration LENGTH = Duration.ofSeconds(2);

    /** For what was sent at the last moment. */
    private static final Duration GRACE = Duration.ofMillis(300);

    private static final String ACQUIRE =
            """
            select outrun.acquire_lease(?, ?, ?, ?,
                                        ? * interval '1 millisecond', ? * interval '1 millisecond')
            """;
    private static final String RENEW =
            """
            update outrun.lease set until = clock_timestamp() + ? * interval '1 millisecond'
            where slot = ? and epoch = ?
            """;
    private static final String RELEASE =
            "update outrun.lease set until = '-infinity' where slot = ? and epoch = ?";

    private final ControlConnection control;
    private final Split split;
    private final String holder;
    private volatile @Nullable Held held;

    private record Held(long epoch, long until) {}

    /**
     * A lease that is not held yet.
     *
     * @param holder who we are, for people to read
     */
    public Lease(PostgresAddress postgres, Split split, String holder) {
        this.control = new ControlConnection(postgres);
        this.split = split;
        this.holder = holder;
    }

    /** Takes the lease, if nobody else has it. */
    public synchronized boolean acquire() throws SQLException {
        long asked = System.nanoTime();
        Long epoch =
                control.<@Nullable Long>ask(connection -> {
                    try (PreparedStatement statement = connection.prepareStatement(ACQUIRE)) {
                        statement.setString(1, split.slot());
                        statement.setString(2, split.connector());
                        statement.setInt(3, split.count());
                        statement.setString(4, holder);
                        statement.setLong(5, LENGTH.toMillis());
                        statement.setLong(6, GRACE.toMillis());
                        ResultSet row = statement.executeQuery();
                        row.next();
                        return row.getObject(1, Long.class);
                    }
                });
        if (epoch == null) {
            return false;
        }
        held = new Held(epoch, asked + LENGTH.toNanos());
        return true;
    }

    /** Makes it last longer; false if somebody else has it by now, and then it is not held. */
    public synchronized boolean renew() throws SQLException {
        Held now = held;
        if (now == null) {
            return false;
        }
        long asked = System.nanoTime();
        int renewed =
                control.ask(connection -> {
                    try (PreparedStatement statement = connection.prepareStatement(RENEW)) {
                        statement.setLong(1, LENGTH.toMillis());
                        statement.setString(2, split.slot());
                        statement.setLong(3, now.epoch());
                        return statement.executeUpdate();
                    }
                });
        held = renewed == 0 ? null : new Held(now.epoch(), asked + LENGTH.toNanos());
        return renewed > 0;
    }

    /** Whether it was acquired and nobody is known to have taken it since. */
    public boolean isHeld() {
        return held != null;
    }

    /** Whether it is held for certain at this moment. */
    public boolean isValid() {
        Held now = held;
        return now != null && System.nanoTime() - now.until() < 0;
    }

    /** How often the lease had been taken when it was acquired. */
    public long epoch() {
        Held now = held;
        if (now == null) {
            throw new IllegalStateException("the lease is not held");
        }
        return now.epoch();
    }

    /** Gives it back, so that somebody else may have it at once. */
    public synchronized void release() throws SQLException {
        Held now = held;
        held = null;
        if (now != null) {
            control.<Integer>ask(connection -> {
                try (PreparedStatement statement = connection.prepareStatement(RELEASE)) {
                    statement.setString(1, split.slot());
                    statement.setLong(2, now.epoch());
                    return statement.executeUpdate();
                }
            });
        }
    }

    @Override
    public void close() {
        control.close();
    }
}
