package dev.outrun.ledger;

import dev.outrun.schema.sql.PostgresAddress;

/**
 * How the ledger reaches Postgres.
 *
 * @param connections how many it keeps open, 1 to 1,000; also how many calls run at once, the
 *     others wait
 * @param applicationName what {@code pg_stat_activity} shows
 */
public record LedgerConfig(PostgresAddress address, int connections, String applicationName) {

    private static final int CONNECTIONS_MAX = 1_000;

    public LedgerConfig {
        if (connections < 1 || connections > CONNECTIONS_MAX) {
            throw new IllegalArgumentException(
                    "ledger.connections is " + connections + ", not 1 to " + CONNECTIONS_MAX);
        }
        if (applicationName.isBlank()) {
            throw new IllegalArgumentException("ledger.application_name is blank");
        }
    }
}
