package dev.outrun.connector.source;

import dev.outrun.schema.sql.PostgresAddress;
import io.debezium.connector.postgresql.PostgresConnector;
import java.util.Properties;
import java.util.UUID;

/** Every option of the embedded engine, with its why. */
final class DebeziumSettings {

    static final String BARRIER_PREFIX = "outrun.barrier";
    static final String RESOLVE_PREFIX = "outrun.resolve";
    static final String STRAYS_PREFIX = "outrun.strays";
    static final String REPAIR_PREFIX = "outrun.repair";

    private DebeziumSettings() {}

    static Properties of(PostgresAddress postgres, Split split) {
        // JMX names come from it, and a name still registered by an engine that is just ending
        // would make the next one wait for a minute; hence unique per engine.
        String name = split.slot() + "-" + UUID.randomUUID();
        Properties all = new Properties();
        engine(all, name);
        connection(all, postgres);
        stream(all, split);
        content(all, name);
        return all;
    }

    private static void engine(Properties all, String name) {
        all.setProperty("name", name);
        all.setProperty("connector.class", PostgresConnector.class.getName());
        // In memory, so that a new engine finds none: the slot alone says where to resume, and no
        // row is filtered by a search for the last position.
        all.setProperty(
                "offset.storage", "org.apache.kafka.connect.storage.MemoryOffsetBackingStore");
        all.setProperty("offset.flush.timeout.ms", "5000");
        // Would transform records, of which none comes that way; unset, the pool is as wide as
        // the machine.
        all.setProperty("record.processing.threads", "1");
        all.setProperty("record.processing.shutdown.timeout.ms", "200");
        all.setProperty("task.management.timeout.ms", "20000");
        // An error ends the engine and we start another one: a retry inside would resume from the
        // in-memory offsets, by a search that filters rows.
        all.setProperty("errors.max.retries", "0");
        all.setProperty("event.processing.failure.handling.mode", "fail");
        all.setProperty("event.converting.failure.handling.mode", "fail");
        // What a stop waits for before it interrupts a reader blocked by a full queue.
        all.setProperty("executor.shutdown.timeout.ms", "500");
        // How long the reader sleeps when the log has nothing new; the default is 500 ms.
        all.setProperty("poll.interval.ms", "1");
        all.setProperty("queue.provider.type", DirectQueue.NAME);
        // The one record that is ever queued is not to wait for others.
        all.setProperty("max.batch.size", "1");
        all.setProperty("max.queue.size", "2");
        // Would wake another thread for every record, to feed percentiles nobody reads.
        all.setProperty("statistics.metrics.enabled", "false");
    }

    private static void connection(Properties all, PostgresAddress postgres) {
        all.setProperty("database.hostname", postgres.host());
        all.setProperty("database.port", Integer.toString(postgres.port()));
        all.setProperty("database.user", postgres.user());
        all.setProperty("database.password", postgres.password());
        all.setProperty("database.dbname", postgres.database());
        // For the driver of all of its connections, replication included.
        postgres.options().forEach((name, value) -> all.setProperty("driver." + name, value));
        all.setProperty("database.tcpKeepAlive", "true");
        // Signs of life to the server; far below its wal_sender_timeout of 60 s.
        all.setProperty("status.update.interval.ms", "5000");
        all.setProperty("connection.validation.timeout.ms", "10000");
    }

    private static void stream(Properties all, Split split) {
        all.setProperty("plugin.name", "pgoutput");
        all.setProperty("slot.name", split.slot());
        all.setProperty("slot.drop.on.stop", "false");
        // Refused at once when the slot is taken: the caller has seen it free and backs off itself.
        all.setProperty("slot.max.retries", "3");
        all.setProperty("slot.retry.delay.ms", "200");
        all.setProperty("publication.name", split.publication());
        all.setProperty("publication.autocreate.mode", "disabled");
        all.setProperty("snapshot.mode", "no_data");
        // Without a stored offset there is nothing to mismatch; said so that no default ever skips.
        all.setProperty("offset.mismatch.strategy", "no_validation");
        // Not connector_and_driver: the driver would confirm positions on its own that we have not
        // published.
        all.setProperty("lsn.flush.mode", "connector");
        all.setProperty("lsn.flush.timeout.ms", "5000");
        all.setProperty("lsn.flush.timeout.action", "fail");
    }

    private static void content(Properties all, String name) {
        all.setProperty("topic.prefix", name);
        all.setProperty("table.include.list", "outrun\\.run_outbox");
        all.setProperty(
                "message.prefix.include.list",
                String.join(",", BARRIER_PREFIX, RESOLVE_PREFIX, STRAYS_PREFIX, REPAIR_PREFIX)
                        .replace(".", "\\."));
        all.setProperty("publish.via.partition.root", "true");
        all.setProperty("provide.transaction.metadata", "false");
        // Our barrier is the heartbeat: it travels in the log itself.
        all.setProperty("heartbeat.interval.ms", "0");
        all.setProperty("tombstones.on.delete", "false");
        all.setProperty("skipped.operations", "u,d,t");
        all.setProperty("binary.handling.mode", "bytes");
        all.setProperty("xmin.fetch.interval.ms", "0");
    }
}
