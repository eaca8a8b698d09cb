package dev.outrun.server;

import dev.outrun.schema.sql.PostgresAddress;

/**
 * The database of a process.
 *
 * @param connections that the ledger keeps open; the connector has a few of its own
 * @param migrate whether a start brings the schema to the present version first
 */
public record DatabaseSection(PostgresAddress address, int connections, boolean migrate) {

    public static final int CONNECTIONS = 32;

    /** The usual connections to it. */
    static DatabaseSection of(PostgresAddress address) {
        return new DatabaseSection(address, CONNECTIONS, true);
    }
}
