package dev.outrun.server;

import dev.outrun.connector.OutboxConnector;
import dev.outrun.connector.topic.Reaper;
import dev.outrun.ledger.Ledger;
import dev.outrun.schema.error.ErrorCode;
import dev.outrun.schema.error.OutrunException;
import dev.outrun.schema.sql.Migrations;
import dev.outrun.worker.RunHandler;
import java.net.URI;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeoutException;
import org.postgresql.ds.PGSimpleDataSource;

/**
 * A running process of Outrun: connector, engine, worker and API, or those of them that its roles
 * name.
 *
 * <p>Parts that do not need each other start beside each other. They stop in this order: the API
 * takes no more requests, the worker hands back what it runs, recorder, analytics and engine
 * commit, and the connector publishes what they all have written; then the ledger's connections
 * close.
 */
public final class Outrun implements AutoCloseable {

    private final Parts parts;
    private final Ledger ledger;
    private final Optional<OutboxConnector> connector;
    private final Optional<Reaper> reaper;
    private final URI url;

    Outrun(
            Parts parts,
            Ledger ledger,
            Optional<OutboxConnector> connector,
            Optional<Reaper> reaper,
            HttpSection http,
            int port) {
        this.parts = parts;
        this.ledger = ledger;
        this.connector = connector;
        this.reaper = reaper;
        String scheme = http.access().tls() == null ? "http" : "https";
        String host = http.host().contains(":") ? "[" + http.host() + "]" : http.host(); // IPv6
        this.url = URI.create(scheme + "://" + host + ":" + port);
    }

    /** Brings the database to the current schema; {@link #start} needs that. Idempotent. */
    public static void migrate(OutrunConfig config) {
        PGSimpleDataSource database = new PGSimpleDataSource();
        database.setUrl(config.postgres().jdbcUrl());
        database.setUser(config.postgres().user());
        database.setPassword(config.postgres().password());
        Migrations.migrate(database);
    }

    /**
     * Starts the parts of its roles in this process over a migrated database, and returns when all
     * of them work. A start that fails, or is interrupted, leaves nothing running.
     *
     * @param handlers of no use without the role {@link Role#WORKER}
     * @throws OutrunException with the part's own code and reason
     */
    public static Outrun start(OutrunConfig config, Map<String, RunHandler> handlers) {
        Parts parts = new Parts();
        try {
            return new Composition(config, parts).start(handlers);
        } catch (RuntimeException e) {
            parts.close();
            throw e;
        }
    }

    /** Where it listens. */
    public URI url() {
        return url;
    }

    /** The ledger this Outrun writes to. */
    public Ledger ledger() {
        return ledger;
    }

    /**
     * Returns once everything committed before this call is published.
     *
     * @throws OutrunException {@code unavailable} if that took longer, or the connector's own
     *     reason
     * @throws java.util.NoSuchElementException in a process without the role {@link Role#CONNECTOR}
     */
    public void drainOnce(Duration most) {
        try {
            connector.orElseThrow().drainOnce(most);
        } catch (TimeoutException e) {
            throw new OutrunException(ErrorCode.UNAVAILABLE, "not drained within " + most, e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new OutrunException(ErrorCode.UNAVAILABLE, "interrupted while draining", e);
        }
    }

    /**
     * Deletes the run topics that are due, now, and returns when it has.
     *
     * @throws OutrunException {@code unavailable} where Postgres or Kafka do not answer, or this
     *     thread was interrupted
     * @throws java.util.NoSuchElementException in a process without the roles {@link Role#API} and
     *     {@link Role#CONNECTOR}
     */
    public void sweepRunTopics() {
        try {
            reaper.orElseThrow().sweep();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new OutrunException(ErrorCode.UNAVAILABLE, "interrupted while sweeping", e);
        }
    }

    /** Stops every part in order; bounded. Idempotent. */
    @Override
    public void close() {
        parts.close();
    }
}
