package dev.outrun.server;

import dev.outrun.connector.source.ControlConnection;
import dev.outrun.connector.topic.AdminClients;
import dev.outrun.schema.error.ErrorCode;
import dev.outrun.schema.error.OutrunException;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.common.KafkaException;

/** Whether what a process cannot do without answers, asked before anything is started. */
public final class Reachability {

    /** Brokers of a healthy cluster answer within milliseconds, and let in within a second. */
    private static final Duration KAFKA_MAX = Duration.ofSeconds(10);

    private Reachability() {}

    /**
     * Asks Postgres and Kafka.
     *
     * @throws OutrunException {@code unavailable}, with each of them that does not answer
     */
    public static void check(OutrunConfig config) throws InterruptedException {
        List<String> problems = new ArrayList<>();
        askPostgres(config, problems);
        askKafka(config, problems);
        if (!problems.isEmpty()) {
            throw new OutrunException(ErrorCode.UNAVAILABLE, String.join("\n", problems));
        }
    }

    private static void askPostgres(OutrunConfig config, List<String> problems) {
        try (Connection connection = ControlConnection.connect(config.postgres())) {
            connection.isValid(0);
        } catch (SQLException e) {
            problems.add(
                    "postgres.url is %s, which does not answer: %s"
                            .formatted(config.postgres(), e.getMessage()));
        }
    }

    private static void askKafka(OutrunConfig config, List<String> problems)
            throws InterruptedException {
        String refusal =
                "kafka.bootstrap_servers is %s, which do not answer".formatted(config.kafka());
        try {
            Admin admin = AdminClients.create(config.kafka(), "outrun-reachability");
            try {
                admin.describeCluster().nodes().get(KAFKA_MAX.toSeconds(), TimeUnit.SECONDS);
            } finally {
                admin.close(Duration.ZERO); // or it would wait for an answer that nobody gives
            }
        } catch (TimeoutException e) {
            problems.add(refusal + " within " + KAFKA_MAX);
        } catch (ExecutionException | KafkaException e) {
            problems.add(refusal + ": " + reason(e));
        }
    }

    /** What is at the bottom of it: "no such file", say, of a key store. */
    private static String reason(Exception failure) {
        Throwable root = failure;
        while (root.getCause() != null) {
            root = root.getCause();
        }
        return String.valueOf(root.getMessage());
    }
}
