package dev.outrun.teststack;

import dev.outrun.devstack.BrokerConfig;
import dev.outrun.devstack.PostgresConfig;
import dev.outrun.schema.sql.PostgresAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.testcontainers.kafka.KafkaContainer;
import org.testcontainers.postgresql.PostgreSQLContainer;
import org.testcontainers.utility.DockerImageName;

/** Both servers in containers, with the same settings as the embedded ones. */
record ContainerBackend(PostgreSQLContainer server, KafkaContainer broker) implements Backend {

    private static final String USER = "postgres";
    private static final String DATABASE = "outrun";

    static ContainerBackend start(String postgresImage, String kafkaImage) {
        var both = Both.started(() -> postgres(postgresImage), () -> kafka(kafkaImage));
        return new ContainerBackend(both.first(), both.second());
    }

    private static PostgreSQLContainer postgres(String image) {
        List<String> command = new ArrayList<>(List.of("postgres"));
        PostgresConfig.anywhere(false)
                .forEach((name, value) -> command.addAll(List.of("-c", name + "=" + value)));
        PostgreSQLContainer container =
                new PostgreSQLContainer(
                        DockerImageName.parse(image).asCompatibleSubstituteFor("postgres"));
        return started(
                container
                        .withDatabaseName(DATABASE)
                        .withUsername(USER)
                        .withPassword(USER)
                        .withCommand(command.toArray(String[]::new)));
    }

    private static KafkaContainer kafka(String image) {
        KafkaContainer container =
                new KafkaContainer(
                        DockerImageName.parse(image).asCompatibleSubstituteFor("apache/kafka"));
        BrokerConfig.anywhere().forEach((name, value) -> container.withEnv(variable(name), value));
        return started(container);
    }

    private static <C extends org.testcontainers.lifecycle.Startable> C started(C container) {
        try {
            container.start();
            return container;
        } catch (Throwable e) {
            container.stop();
            throw e;
        }
    }

    /** As the image's entry script reads it: {@code num.partitions} is KAFKA_NUM_PARTITIONS. */
    private static String variable(String setting) {
        return "KAFKA_" + setting.replace('.', '_').toUpperCase(Locale.ROOT);
    }

    @Override
    public PostgresAddress postgres() {
        return new PostgresAddress(
                server.getHost(),
                server.getMappedPort(PostgreSQLContainer.POSTGRESQL_PORT),
                DATABASE,
                USER,
                USER);
    }

    @Override
    public String bootstrapServers() {
        return broker.getBootstrapServers();
    }

    @Override
    public void close() {
        try (server;
                broker) {
            // closed in reverse, each even when another fails
        }
    }
}
