package dev.outrun.testkit;

import dev.outrun.devstack.BrokerSecurity;
import dev.outrun.devstack.EmbeddedBroker;
import dev.outrun.devstack.EmbeddedPostgres;
import dev.outrun.schema.sql.PostgresAddress;
import dev.outrun.schema.topic.KafkaAddress;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.common.acl.AccessControlEntry;
import org.apache.kafka.common.acl.AclBinding;
import org.apache.kafka.common.acl.AclOperation;
import org.apache.kafka.common.acl.AclPermissionType;
import org.apache.kafka.common.resource.PatternType;
import org.apache.kafka.common.resource.Resource;
import org.apache.kafka.common.resource.ResourcePattern;
import org.apache.kafka.common.resource.ResourceType;

/** A Postgres and a broker that let nobody in without encryption and a password. */
final class GuardedServers implements AutoCloseable {

    /** Who has the rights that docs/CONFIG.md says Outrun needs. */
    static final String OUTRUN = "outrun";

    /** Who has those of a tenant of this name. */
    static final String ACME = "acme";

    private static final String OPERATOR = "operator";

    private final TestCertificate certificate;
    private final EmbeddedPostgres postgres;
    private final EmbeddedBroker broker;

    GuardedServers(Path folder)
            throws IOException,
                    InterruptedException,
                    GeneralSecurityException,
                    SQLException,
                    ExecutionException {
        this.certificate = TestCertificate.make(folder);
        Path data = folder.resolve("postgres");
        Map<String, String> passwords = new HashMap<>();
        for (String user : List.of(OPERATOR, OUTRUN, ACME)) {
            passwords.put(user, password(user));
        }
        this.postgres = EmbeddedPostgres.start(EmbeddedPostgres.Settings.throwaway(data));
        this.broker =
                EmbeddedBroker.start(
                        new EmbeddedBroker.Settings(
                                folder.resolve("kafka"),
                                0,
                                Optional.of(
                                        new BrokerSecurity(
                                                certificate.keyStore(),
                                                TestCertificate.PASSWORD,
                                                passwords,
                                                OPERATOR))));
        guardPostgres(data.resolve("data"));
        allow();
    }

    static String password(String user) {
        return "secret-of-" + user;
    }

    /** As Outrun is told where it is. */
    PostgresAddress postgres() {
        return postgres.address()
                .withPassword(password(OUTRUN))
                .withOptions(
                        Map.of(
                                "sslmode",
                                "verify-full",
                                "sslrootcert",
                                certificate.certificate().toString()));
    }

    Path certificate() {
        return certificate.certificate();
    }

    String bootstrapServers() {
        return broker.bootstrapServers();
    }

    /** The broker, for one of the users. */
    KafkaAddress kafka(String user) {
        return new KafkaAddress(bootstrapServers(), properties(user, password(user)));
    }

    Map<String, String> properties(String user, String password) {
        return Map.of(
                "security.protocol",
                "SASL_SSL",
                "ssl.truststore.type",
                "PEM",
                "ssl.truststore.location",
                certificate.certificate().toString(),
                "sasl.mechanism",
                "PLAIN",
                "sasl.jaas.config",
                ("org.apache.kafka.common.security.plain.PlainLoginModule required"
                                + " username=\"%s\" password=\"%s\";")
                        .formatted(user, password));
    }

    /** Returns when it refuses whoever comes without encryption. */
    private void guardPostgres(Path data) throws SQLException, IOException {
        PostgresAddress open = postgres.address();
        try (Connection connection = connect(open);
                Statement statement = connection.createStatement()) {
            statement.execute("alter user postgres password '" + password(OUTRUN) + "'");
            statement.execute("alter system set ssl = on");
            statement.execute(
                    "alter system set ssl_cert_file = '" + certificate.certificate() + "'");
            statement.execute("alter system set ssl_key_file = '" + certificate.key() + "'");
            Files.writeString(
                    data.resolve("pg_hba.conf"), "hostssl all all 127.0.0.1/32 scram-sha-256\n");
            statement.execute("select pg_reload_conf()");
        }
        while (letsIn(open)) {
            Thread.onSpinWait();
        }
    }

    /** Whether Postgres lets somebody in. */
    static boolean letsIn(PostgresAddress address) {
        try (Connection connection = connect(address)) {
            return connection.isValid(0);
        } catch (SQLException e) {
            return false;
        }
    }

    private static Connection connect(PostgresAddress address) throws SQLException {
        return DriverManager.getConnection(address.jdbcUrl(), address.user(), address.password());
    }

    private void allow() throws InterruptedException, ExecutionException {
        List<AclBinding> rights = new ArrayList<>();
        for (ResourceType type :
                List.of(ResourceType.TOPIC, ResourceType.GROUP, ResourceType.TRANSACTIONAL_ID)) {
            rights.add(right(OUTRUN, type, "outrun", PatternType.PREFIXED, AclOperation.ALL));
        }
        for (AclOperation operation :
                List.of(
                        AclOperation.CREATE,
                        AclOperation.DESCRIBE,
                        AclOperation.DESCRIBE_CONFIGS)) {
            rights.add(
                    right(
                            OUTRUN,
                            ResourceType.CLUSTER,
                            Resource.CLUSTER_NAME,
                            PatternType.LITERAL,
                            operation));
        }
        rights.add(
                right(
                        ACME,
                        ResourceType.TOPIC,
                        "outrun.run.acme.",
                        PatternType.PREFIXED,
                        AclOperation.READ));
        try (Admin admin = Admin.create(kafka(OPERATOR).client(Map.of()))) {
            admin.createAcls(rights).all().get();
        }
    }

    private static AclBinding right(
            String user,
            ResourceType type,
            String name,
            PatternType pattern,
            AclOperation operation) {
        return new AclBinding(
                new ResourcePattern(type, name, pattern),
                new AccessControlEntry("User:" + user, "*", operation, AclPermissionType.ALLOW));
    }

    @Override
    public void close() {
        try (postgres;
                broker) {
            // closed in reverse, each even when another fails
        }
    }
}
