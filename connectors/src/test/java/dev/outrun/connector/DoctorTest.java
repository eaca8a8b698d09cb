package dev.outrun.connector;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outrun.connector.doctor.Doctor;
import dev.outrun.connector.doctor.Finding;
import dev.outrun.connector.doctor.Finding.Grade;
import dev.outrun.connector.topic.PlatformTopics;
import dev.outrun.devstack.EmbeddedPostgres;
import dev.outrun.schema.sql.PostgresAddress;
import dev.outrun.schema.topic.KafkaAddress;
import dev.outrun.teststack.TestStack;
import dev.outrun.teststack.TestStackExtension;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

@ExtendWith(TestStackExtension.class)
class DoctorTest {

    private static final Duration LIMIT = Duration.ofSeconds(60);

    private final TestStack stack;

    DoctorTest(TestStack stack) {
        this.stack = stack;
    }

    @Test
    void everything_atWork_isWell() throws Exception {
        Connectors.makeTopics(stack);
        try (OutboxConnector connector = Connectors.start(stack)) {
            // Given
            connector.drainOnce(LIMIT);

            // When
            List<Finding> findings = examine(stack.postgres());

            // Then: nothing bounds what a slot keeps, in the tests' Postgres
            assertEquals(
                    List.of("postgres.max_slot_wal_keep_size"),
                    findings.stream()
                            .filter(finding -> finding.grade() != Grade.OK)
                            .map(Finding::check)
                            .toList(),
                    findings::toString);
            assertGrade(Grade.OK, "slot." + stack.slot(), findings);
            assertGrade(Grade.OK, "kafka.topic." + stack.topics().events(), findings);
        }
    }

    @Test
    void servers_thatDoNotAnswer_areFindings() throws Exception {
        // Given: nobody listens on port 1
        PostgresAddress nowhere = new PostgresAddress("127.0.0.1", 1, "outrun", "nobody", "");

        // When
        List<Finding> findings =
                Doctor.examine(
                        nowhere,
                        new KafkaAddress("127.0.0.1:1", Map.of()),
                        stack.topics(),
                        stack.slot(),
                        false);

        // Then
        assertEquals(2, findings.size());
        assertGrade(Grade.FAIL, "postgres", findings);
        assertGrade(Grade.FAIL, "kafka", findings);
    }

    @Test
    void postgres_thatIsNotSetUp_failsWithAdvice(@TempDir Path directory) throws Exception {
        // Given: what is altered holds from the next start on
        EmbeddedPostgres.Settings settings = EmbeddedPostgres.Settings.throwaway(directory);
        try (EmbeddedPostgres first = EmbeddedPostgres.start(settings)) {
            execute(
                    first.address(),
                    "alter system set wal_level = 'replica'",
                    "alter system set max_replication_slots = 0",
                    "create role app login");
        }
        try (EmbeddedPostgres second = EmbeddedPostgres.start(settings)) {
            PostgresAddress address = second.address();

            PostgresAddress app =
                    new PostgresAddress(
                            address.host(), address.port(), address.database(), "app", "");

            // When
            List<Finding> findings = examine(app);

            // Then
            assertGrade(Grade.OK, "postgres", findings);
            assertGrade(Grade.FAIL, "postgres.wal_level", findings);
            assertGrade(Grade.FAIL, "postgres.max_replication_slots", findings);
            assertGrade(Grade.FAIL, "postgres.role", findings);
            assertGrade(Grade.FAIL, "postgres.schema", findings);
            assertGrade(Grade.WARN, "slot", findings);
            for (Finding finding : findings) {
                if (finding.grade() != Grade.OK) {
                    assertNotNull(finding.advice(), finding.check());
                }
            }

            // When: a connector that polls needs nothing of replication
            List<Finding> polling = examine(app, true);

            // Then
            assertEquals(
                    List.of("postgres.schema", "postgres.tables"),
                    polling.stream()
                            .filter(finding -> finding.check().startsWith("postgres."))
                            .map(Finding::check)
                            .toList());
        }
    }

    @Test
    void schema_ofAnotherVersion_fails() throws Exception {
        // Given
        execute(stack.postgres(), "delete from outrun.schema_history where version = '2'");

        // When
        List<Finding> older = examine(stack.postgres());

        // Then
        assertGrade(Grade.FAIL, "postgres.schema", older);

        // Given
        execute(
                stack.postgres(),
                "insert into outrun.schema_history select installed_rank + 100, '999', description,"
                        + " type, script, checksum, installed_by, installed_on, execution_time,"
                        + " success from outrun.schema_history where version = '1'");

        // When
        List<Finding> newer = examine(stack.postgres());

        // Then
        assertTrue(finding("postgres.schema", newer).says().contains("999"), newer::toString);
    }

    @Test
    void publication_ofOtherColumns_fails() throws Exception {
        // Given
        execute(stack.postgres(), "drop publication outrun");

        // When
        List<Finding> none = examine(stack.postgres());

        // Then
        assertEquals("there is none", finding("postgres.publication", none).says());

        // Given
        execute(
                stack.postgres(),
                "create publication outrun for table outrun.run_outbox"
                        + " with (publish = 'insert', publish_via_partition_root = true)");

        // When
        List<Finding> other = examine(stack.postgres());

        // Then
        assertGrade(Grade.FAIL, "postgres.publication", other);
        assertTrue(finding("postgres.publication", other).says().endsWith(": outrun"));
    }

    @Test
    void slot_leftAlone_isWarnedOfAndThenLost(@TempDir Path directory) throws Exception {
        try (EmbeddedPostgres postgres =
                EmbeddedPostgres.start(EmbeddedPostgres.Settings.throwaway(directory))) {
            // Given: a connector that has ended, and a standby of which the server knows
            TestStack own = stack.on(postgres.address());
            Connectors.makeTopics(own);
            try (OutboxConnector connector = Connectors.start(own)) {
                connector.drainOnce(LIMIT);
            }
            execute(
                    postgres.address(),
                    "select pg_create_physical_replication_slot('standby')",
                    "insert into outrun.halted_run (run_id, shard, next_seq, bad_seq, reason)"
                            + " values (gen_random_uuid(), 0, 1, 1, 'a test')",
                    "alter system set max_slot_wal_keep_size = '60MB'",
                    "select pg_reload_conf()",
                    "select pg_logical_emit_message(false, 'filler', repeat('x', 1000000))"
                            + " from generate_series(1, 40)");

            // When
            List<Finding> before = examine(postgres.address());

            // Then
            assertGrade(Grade.WARN, "slot." + own.slot(), before);
            assertGrade(Grade.WARN, "postgres.max_slot_wal_keep_size", before);
            assertGrade(Grade.WARN, "postgres.failover", before);
            assertGrade(Grade.WARN, "postgres.halted_runs", before);

            // When
            execute(
                    postgres.address(),
                    "alter system set max_slot_wal_keep_size = '1MB'",
                    "select pg_reload_conf()",
                    "select pg_logical_emit_message(false, 'filler', repeat('x', 1000000))"
                            + " from generate_series(1, 40)",
                    "checkpoint");
            List<Finding> after = examine(postgres.address());

            // Then
            assertGrade(Grade.FAIL, "slot." + own.slot(), after);
        }
    }

    @Test
    void topics_thatAreNotAsTheyWereMade_areFindings() throws Exception {
        // Given
        KafkaAddress kafka = new KafkaAddress(stack.bootstrapServers(), Map.of());

        // When
        List<Finding> none = examine(stack.postgres());

        // Then
        assertTrue(finding("kafka.topics", none).says().startsWith("0 of "));

        // Given
        PlatformTopics.create(kafka, stack.topics(), TestStack.SHARDS + 1);
        stack.configureTopic(stack.topics().deadLetters(), "retention.ms", "1000");

        // When
        List<Finding> wrong = examine(stack.postgres());

        // Then
        assertGrade(Grade.FAIL, "kafka.topic." + stack.topics().events(), wrong);
        assertGrade(Grade.WARN, "kafka.topic." + stack.topics().deadLetters(), wrong);
        assertGrade(Grade.OK, "kafka.topic." + stack.topics().checkpoints(), wrong);
    }

    private List<Finding> examine(PostgresAddress postgres) throws InterruptedException {
        return examine(postgres, false);
    }

    private List<Finding> examine(PostgresAddress postgres, boolean polls)
            throws InterruptedException {
        return Doctor.examine(
                postgres,
                new KafkaAddress(stack.bootstrapServers(), Map.of()),
                stack.topics(),
                stack.slot(),
                polls);
    }

    private static void assertGrade(Grade grade, String check, List<Finding> findings) {
        assertEquals(grade, finding(check, findings).grade(), findings::toString);
    }

    private static Finding finding(String check, List<Finding> findings) {
        return findings.stream()
                .filter(finding -> finding.check().equals(check))
                .findFirst()
                .orElseThrow(() -> new AssertionError(check + " is not among " + findings));
    }

    private static void execute(PostgresAddress postgres, String... statements)
            throws SQLException {
        try (Connection connection =
                        DriverManager.getConnection(
                                postgres.jdbcUrl(), postgres.user(), postgres.password());
                Statement statement = connection.createStatement()) {
            for (String sql : statements) {
                statement.execute(sql);
            }
        }
    }
}
