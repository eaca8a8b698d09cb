package dev.outrun.ledger;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import java.time.Duration;
import org.postgresql.ds.PGSimpleDataSource;

/** The ledger's connections: a fixed number, so that none is opened while somebody waits. */
final class ConnectionPool {

    /** How long a call waits for a connection before it is answered {@code unavailable}. */
    private static final Duration WAIT_MAX = Duration.ofSeconds(5);

    /** After this the server gives a statement up: none of ours takes long, but locks may. */
    private static final Duration STATEMENT_MAX = Duration.ofSeconds(20);

    /** After this the server itself is taken for dead; longer than any statement. */
    private static final Duration SILENCE_MAX = Duration.ofSeconds(30);

    private ConnectionPool() {}

    /**
     * Opens it.
     *
     * @throws com.zaxxer.hikari.pool.HikariPool.PoolInitializationException if Postgres does not
     *     answer
     */
    static HikariDataSource open(LedgerConfig config) {
        HikariConfig pool = new HikariConfig();
        pool.setPoolName("ledger-" + config.applicationName());
        pool.setDataSource(postgres(config));
        pool.setMaximumPoolSize(config.connections());
        pool.setMinimumIdle(config.connections());
        pool.setConnectionTimeout(WAIT_MAX.toMillis());
        pool.setValidationTimeout(WAIT_MAX.toMillis());
        // A statement is a transaction: the port's methods are one statement each.
        pool.setAutoCommit(true);
        pool.setTransactionIsolation("TRANSACTION_READ_COMMITTED");
        // Before a firewall forgets an idle connection, and before its memory on the server grows.
        pool.setKeepaliveTime(Duration.ofMinutes(2).toMillis());
        pool.setMaxLifetime(Duration.ofMinutes(30).toMillis());
        pool.setRegisterMbeans(false);
        // Fails at once, so that whoever starts the ledger decides about waiting.
        pool.setInitializationFailTimeout(1);
        return new HikariDataSource(pool);
    }

    private static PGSimpleDataSource postgres(LedgerConfig config) {
        PGSimpleDataSource postgres = new PGSimpleDataSource();
        postgres.setUrl(config.address().jdbcUrl());
        postgres.setUser(config.address().user());
        postgres.setPassword(config.address().password());
        postgres.setApplicationName(config.applicationName());
        // Parsed and planned by the server once per connection: append and claim are always hot.
        postgres.setPrepareThreshold(1);
        postgres.setConnectTimeout((int) WAIT_MAX.toSeconds());
        postgres.setSocketTimeout((int) SILENCE_MAX.toSeconds());
        postgres.setTcpKeepAlive(true);
        postgres.setOptions("-c statement_timeout=" + STATEMENT_MAX.toMillis());
        // The detail of an error quotes the row, and with it the payload.
        postgres.setLogServerErrorDetail(false);
        return postgres;
    }
}
