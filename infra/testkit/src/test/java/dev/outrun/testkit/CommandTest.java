package dev.outrun.testkit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outrun.ledger.LedgerConfig;
import dev.outrun.ledger.PostgresLedger;
import dev.outrun.ledger.access.ApiKey;
import dev.outrun.schema.run.RunId;
import dev.outrun.schema.run.Tenant;
import dev.outrun.schema.sql.PostgresAddress;
import dev.outrun.server.cli.Main;
import dev.outrun.teststack.TestStack;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The commands that look at an installation from outside, by what they exit with. */
@ExtendWith(OutrunExtension.class)
final class CommandTest {

    private static final int WELL = 0;
    private static final int UNWELL = 1;
    private static final int MISUSED = 2;
    private static final int REFUSED = 3;

    @Test
    void doctor_ofARunningOutrun_findsNothingThatFails(TestOutrun outrun) {
        assertEquals(WELL, run(outrun, "doctor"));
        assertEquals(WELL, run(outrun, "doctor", "--json"));
        assertEquals(WELL, run(outrun, "doctor", "--source", "POLLING"));
    }

    @Test
    void doctor_ofAFile_examinesWhatItSays(TestOutrun outrun, @TempDir Path folder)
            throws IOException {
        // Given
        TestStack stack = outrun.stack();
        Path file =
                Files.writeString(
                        folder.resolve("outrun.yaml"),
                        """
                        topic_prefix: %s
                        postgres: {url: '%s'}
                        kafka: {bootstrap_servers: '%s'}
                        connector: {slot: %s}
                        """
                                .formatted(
                                        stack.topics().prefix(),
                                        url(stack.postgres()),
                                        stack.bootstrapServers(),
                                        stack.slot()));

        // When / Then
        assertEquals(WELL, Main.run("doctor", "--config", file.toString()));
        assertEquals(
                UNWELL, Main.run("doctor", "--config", file.toString(), "--kafka", "127.0.0.1:1"));
        assertEquals(MISUSED, Main.run("doctor", "--config", folder.toString() + "/none.yaml"));
    }

    @Test
    void doctor_withoutABroker_fails(TestOutrun outrun) {
        assertEquals(UNWELL, run(outrun.stack(), "127.0.0.1:1", "doctor"));
    }

    @Test
    void audit_ofADeletedRunTopic_exitsWithOneUntilItIsRepaired(TestOutrun outrun)
            throws Exception {
        // Given
        RunId run = outrun.start("echo", "1");
        outrun.awaitEnd(run);
        outrun.drain();
        assertEquals(WELL, audit(outrun));

        // When
        outrun.stack().deleteTopics(outrun.stack().topics().run(Tenant.DEFAULT, run));

        // Then
        assertEquals(UNWELL, audit(outrun));
        assertEquals(UNWELL, audit(outrun, "--run", run.toString()));
        assertEquals(WELL, audit(outrun, "--repair", "--since", "PT1H"));
        assertEquals(WELL, audit(outrun));
        LogAssert.assertSameLogEverywhere(outrun, run);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "doctor --postgres mysql://somewhere",
                "doctor --source TAROT",
                "audit --topic-prefix .",
                "audit --run 7",
                "audit --since yesterday",
                "audit --since PT1H --run 7",
                "key create",
                "key create --role king",
                "key create --role reader --tenant UPPER",
                "key create --role reader --expires tomorrow",
                "key create --role reader --expires 0d",
                "key revoke",
                "key audit --limit -1"
            })
    void words_thatMeanNothing_areRefused(String words) {
        assertEquals(MISUSED, Main.run(words.split(" ")));
    }

    @Test
    void keys_madeListedAndRevoked_areInTheDatabase(TestOutrun outrun) {
        try (PostgresLedger ledger =
                PostgresLedger.open(new LedgerConfig(outrun.stack().postgres(), 1, "test"))) {
            // Given
            assertEquals(
                    WELL,
                    key(outrun, "create --role writer --tenant acme --name shop --expires 90d"));
            assertEquals(WELL, key(outrun, "create --role admin --tenant *"));
            ApiKey every = ledger.access().keys(10).getFirst();
            ApiKey acmes = ledger.access().keys(10).getLast();

            // When
            int revoked = key(outrun, "revoke " + acmes.id());

            // Then
            assertEquals(WELL, revoked);
            assertEquals(REFUSED, key(outrun, "revoke " + acmes.id()));
            assertEquals(REFUSED, key(outrun, "revoke nobody"));
            assertEquals(WELL, key(outrun, "list"));
            assertEquals(WELL, key(outrun, "audit"));
            assertEquals("acme writer shop", told(acmes));
            assertEquals("* admin ", told(every));
            assertEquals(acmes.createdAt().plus(Duration.ofDays(90)), acmes.expiresAt());
            assertNull(every.expiresAt());
            assertFalse(ledger.access().key(acmes.id()).orElseThrow().isGood(Instant.now()));
            assertTrue(ledger.access().key(every.id()).orElseThrow().isGood(Instant.now()));
        }
    }

    private static String told(ApiKey key) {
        return key.tenants() + " " + key.role().text() + " " + key.name();
    }

    private static int key(TestOutrun outrun, String words) {
        List<String> all = new ArrayList<>(List.of(("key " + words).split(" ")));
        all.addAll(List.of("--postgres", url(outrun.stack().postgres())));
        return Main.run(all.toArray(String[]::new));
    }

    /** However slow the machine is: a connector that is late is no difference. */
    private static int audit(TestOutrun outrun, String... words) {
        List<String> all = new ArrayList<>(List.of("audit", "--patience", "300"));
        all.addAll(List.of(words));
        return run(outrun, all.toArray(String[]::new));
    }

    private static int run(TestOutrun outrun, String... words) {
        return run(outrun.stack(), outrun.stack().bootstrapServers(), words);
    }

    private static int run(TestStack stack, String kafka, String... words) {
        List<String> all = new ArrayList<>(List.of(words));
        all.addAll(
                List.of(
                        "--postgres",
                        url(stack.postgres()),
                        "--kafka",
                        kafka,
                        "--topic-prefix",
                        stack.topics().prefix(),
                        "--slot",
                        stack.slot()));
        return Main.run(all.toArray(String[]::new));
    }

    private static String url(PostgresAddress postgres) {
        return "postgresql://%s:%s@%s:%d/%s"
                .formatted(
                        postgres.user(),
                        postgres.password(),
                        postgres.host(),
                        postgres.port(),
                        postgres.database());
    }
}
