package dev.outrun.connector.fault;

import dev.outrun.connector.topic.AdminClients;
import dev.outrun.connector.topic.PlatformTopics;
import dev.outrun.devstack.Directories;
import dev.outrun.devstack.LoopbackPorts;
import dev.outrun.schema.sql.PostgresAddress;
import dev.outrun.schema.topic.KafkaAddress;
import dev.outrun.schema.topic.Topics;
import dev.outrun.teststack.TestStack;
import dev.outrun.teststack.process.JavaServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;

/**
 * A broker and a Postgres to be hurt, for one schedule after the other: each has a database, a slot
 * and a prefix of its own, and gives them back when it was good. After a bad one the stack is
 * closed, and its folder, with all logs and all data, stays.
 */
final class FaultStack implements AutoCloseable {

    private static final Duration START_LIMIT = Duration.ofSeconds(60);

    private final Path folder;
    private final PostgresServer postgres;
    private final JavaServer broker;
    private final KafkaAddress kafka;

    private FaultStack(Path folder, PostgresServer postgres, JavaServer broker, int brokerPort) {
        this.folder = folder;
        this.postgres = postgres;
        this.broker = broker;
        this.kafka = new KafkaAddress("127.0.0.1:" + brokerPort, Map.of());
    }

    /** Starts both, in a folder of their own below this one. */
    static FaultStack start(Path parent) throws IOException, InterruptedException, SQLException {
        Path folder = Files.createTempDirectory(Files.createDirectories(parent), "stack-");
        List<Integer> ports = LoopbackPorts.free(2);
        int brokerPort = ports.getFirst();
        JavaServer broker =
                new JavaServer(
                        new JavaServer.Program(
                                BrokerProcess.class,
                                "512m",
                                List.of(
                                        folder.resolve("broker").toString(),
                                        Integer.toString(brokerPort)),
                                BrokerProcess.STARTED,
                                List.of(),
                                List.of()),
                        folder.resolve("broker.log"));
        boolean started = false;
        try {
            PostgresServer postgres =
                    new PostgresServer(folder.resolve("postgres"), ports.getLast());
            FaultStack stack = new FaultStack(folder, postgres, broker, brokerPort);
            try {
                // A killed process may leave half a page written.
                stack.execute("alter system set full_page_writes = on");
                stack.execute("select pg_reload_conf()");
                broker.awaitReady(START_LIMIT);
                started = true;
                return stack;
            } finally {
                if (!started) {
                    postgres.close();
                }
            }
        } finally {
            if (!started) {
                broker.close();
            }
        }
    }

    Path folder() {
        return folder;
    }

    PostgresServer postgres() {
        return postgres;
    }

    JavaServer broker() {
        return broker;
    }

    KafkaAddress kafka() {
        return kafka;
    }

    /** A database with the schema, and the platform's topics; all with this name. */
    TestStack make(String name) throws SQLException {
        execute("create database " + name);
        PostgresAddress server = postgres.address();
        TestStack made =
                TestStack.on(
                        new PostgresAddress(
                                server.host(),
                                server.port(),
                                name,
                                server.user(),
                                server.password()),
                        kafka.bootstrapServers(),
                        new Topics(name),
                        name);
        PlatformTopics.create(kafka, made.topics(), TestStack.SHARDS);
        return made;
    }

    /** Takes back what was made with this name; nobody uses it any more. */
    void takeBack(TestStack made) throws SQLException, InterruptedException, ExecutionException {
        execute(
                """
                select pg_terminate_backend(active_pid, 10000)
                from pg_replication_slots where database = '%s' and active
                """
                        .formatted(made.postgres().database()));
        execute(
                "select pg_drop_replication_slot(slot_name) from pg_replication_slots"
                        + " where database = '%s'".formatted(made.postgres().database()));
        execute("drop database " + made.postgres().database() + " with (force)");
        try (Admin admin = AdminClients.create(kafka, "outrun-faults-admin")) {
            String prefix = made.topics().prefix() + ".";
            List<String> topics =
                    admin.listTopics().names().get().stream()
                            .filter(topic -> topic.startsWith(prefix))
                            .toList();
            admin.deleteTopics(topics).all().get();
        }
    }

    private void execute(String sql) throws SQLException {
        PostgresAddress server = postgres.address();
        try (Connection connection =
                        DriverManager.getConnection(
                                server.jdbcUrl(), server.user(), server.password());
                Statement statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }

    /** Deletes the folder of a stack that is closed. */
    void delete() {
        try {
            Directories.delete(folder);
        } catch (IOException e) {
            throw new UncheckedIOException("cannot delete " + folder, e);
        }
    }

    @Override
    public void close() {
        broker.close();
        postgres.close();
    }
}
