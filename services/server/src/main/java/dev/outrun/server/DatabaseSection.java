package dev.outrun.server;

import dev.outrun.schema.sql.PostgresAddress;
import java.time.Duration;

/**
 * The database of a process.
 *
 * @param connections that the ledger keeps open; the connector has a few of its own
 * @param migrate whether a start brings the schema to the present version first
 * @param retention of a run's events after the run has ended
 */
public record DatabaseSection(
        PostgresAddress address, int connections, boolean migrate, Duration retention) {

    public static final int CONNECTIONS = 32;

    public static final Duration RETENTION = Duration.ofDays(30);

    /** The usual connections to it. */
    static DatabaseSection of(PostgresAddress address) {
        return new DatabaseSection(address, CONNECTIONS, true, RETENTION);
    }
}
