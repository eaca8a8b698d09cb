package dev.outrun.bench.stack;

import dev.outrun.bench.load.Connections;
import dev.outrun.schema.sql.PostgresAddress;
import dev.outrun.schema.topic.Topics;
import dev.outrun.server.OutrunConfig;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;

/**
 * A database, and topics, of a bench's own on servers that others use too; they go with it. Its
 * user may make databases.
 */
final class Borrowed implements AutoCloseable {

    private static final int NAME_BYTES = 4;

    private final OutrunConfig servers;
    private final String name;
    private final Topics topics;

    /** Makes the database. */
    Borrowed(OutrunConfig servers) throws SQLException {
        byte[] random = new byte[NAME_BYTES];
        new SecureRandom().nextBytes(random);
        this.servers = servers;
        this.name = "outrun_bench_" + HexFormat.of().formatHex(random);
        this.topics = new Topics(name.replace('_', '-'));
        execute(servers.postgres(), "create database " + name);
    }

    /** Of an Outrun over them, with usual settings. */
    OutrunConfig config(Path stateDir) {
        return OutrunConfig.of(postgres(), servers.bootstrapServers(), topics, name, stateDir)
                .withKafka(servers.kafka());
    }

    private PostgresAddress postgres() {
        return servers.postgres().withDatabase(name);
    }

    @Override
    public void close() throws SQLException, ExecutionException {
        try {
            deleteTopics();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        execute(
                postgres(),
                "select pg_drop_replication_slot(slot_name) from pg_replication_slots"
                        + " where database = current_database()");
        execute(servers.postgres(), "drop database " + name + " with (force)");
    }

    private void deleteTopics() throws InterruptedException, ExecutionException {
        try (Admin admin = Admin.create(servers.kafka().client(Map.of()))) {
            List<String> own =
                    admin.listTopics().names().get().stream()
                            .filter(topic -> topic.startsWith(topics.prefix()))
                            .toList();
            admin.deleteTopics(own).all().get();
        }
    }

    private static void execute(PostgresAddress database, String sql) throws SQLException {
        try (Connection connection = Connections.open(database);
                Statement statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }
}
