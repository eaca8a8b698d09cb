package dev.outrun.server.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outrun.api.access.AccessConfig;
import dev.outrun.api.access.CallerLimits;
import dev.outrun.api.access.OidcConfig;
import dev.outrun.connector.ConnectorConfig.SlotSettings;
import dev.outrun.connector.ConnectorConfig.SourceSettings;
import dev.outrun.connector.topic.RunTopicLimits;
import dev.outrun.engine.Guarantee;
import dev.outrun.schema.sql.PostgresAddress;
import dev.outrun.schema.topic.KafkaAddress;
import dev.outrun.schema.topic.Topics;
import dev.outrun.server.ApiSection;
import dev.outrun.server.ConnectorSection;
import dev.outrun.server.DatabaseSection;
import dev.outrun.server.EngineSection;
import dev.outrun.server.HttpSection;
import dev.outrun.server.OutrunConfig;
import dev.outrun.server.Role;
import dev.outrun.server.WorkerSection;
import dev.outrun.server.config.Configuration.Loaded;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class ConfigurationTest {

    private static final String NEEDED =
            """
            instance: node-1
            postgres:
              url: postgresql://me@db/app
            kafka:
              bootstrap_servers: k1:9092
            """;

    private static final String EVERYTHING =
            """
            roles: [api, worker]
            instance: node-7
            state_dir: /var/lib/outrun
            topic_prefix: acme
            postgres:
              url: postgresql://me@db:6543/app
              password_file: FOLDER/password
              options: {sslmode: verify-full, sslrootcert: /ca.pem}
              connections: 8
              migrate: false
              retention: P90D
            kafka:
              bootstrap_servers: k1:9092,k2:9092
              properties:
                security.protocol: SASL_SSL
                sasl.login.refresh.min.period.seconds: 30
              properties_file: FOLDER/client.properties
            http: {host: 0.0.0.0, port: 80, connections_max: 500}
            access:
              mode: oidc
              insecure: true
              origins: ["https://app.example.com", "https://b.example.com"]
              header_bytes_max: 4096
              limits: {calls_per_second: 1, calls_burst: 2, calls_max: 3, streams_max: 4}
              audit_retention: P1D
              oidc:
                issuer: https://id.example.com/
                audience: outrun
                keys: https://id.example.com/keys
                clock_skew: PT5S
                tenant_claim: org
                role_claim: roles
            api: {clients_max: 300, minted_runs: 4}
            connector:
              source: polling
              slot: acme
              slots: 4
              own_slots: [0, 3]
              poll_every: PT1S
              slot_failover: false
              slot_lag_bytes_max: 2097152
            run_topics: {retention: P1D, max: 1000}
            engine:
              guarantee: exactly_once_v2
              threads: 3
              analytics_threads: 2
              standby_replicas: 1
              replication_factor: 3
            worker: {samples: true, concurrency: 9, emit_delay: PT0.02S, close_grace: PT30S}
            """;

    /** A file's line, and why it is refused. */
    private static final String BAD_VALUES =
            """
            worker: {concurrency: 0} | worker.concurrency is 0, not 1 to 100000
            worker: {concurrency: many} | worker.concurrency is 'many', not 1 to 100000
            worker: {concurrency: 1.5} | worker.concurrency is 1.5, not 1 to 100000
            worker: {concurrency: 9999999999} | worker.concurrency is 9999999999, not 1 to 100000
            worker: {concurrency: } | worker.concurrency is '', not 1 to 100000
            worker: {samples: yes} | worker.samples is 'yes', not true or false
            worker: {emit_delay: 5} | worker.emit_delay is 5, not PT0S to PT1M
            worker: {emit_delay: 5 ms} | worker.emit_delay is '5 ms', not PT0S to PT1M
            run_topics: {retention: PT1S} | run_topics.retention is 'PT1S', not PT1M to PT876000H
            connector: {source: guess} | connector.source is 'guess', not replication or polling
            roles: [api, cook] | roles is ["api","cook"], not some of api, connector, engine, worker
            roles: [] | roles is [], not some of api, connector, engine, worker
            instance: a b | instance is 'a b', not 1 to 63 letters, digits and . _ -
            topic_prefix: . | topic_prefix is '.', not a topic's name
            connector: {slot: Outrun} | connector.slot is 'Outrun', not 1 to 50 of a-z, 0-9 and _
            http: {port: 65536} | http.port is 65536, not 0 to 65535
            access: {mode: open} | access.mode is 'open', not none or keys or oidc
            access: {limits: {calls_max: 0}} | access.limits.calls_max is 0, not 1 to 1000000
            """;

    /** Values that do not go together, or with what is there. */
    private static final String BAD_ACCESS =
            """
            http: {host: 0.0.0.0} | http.host is 0.0.0.0, where others reach it
            access: {mode: oidc} | access.oidc.issuer is not set
            access: {oidc: {audience: a, issuer: i, keys: 'https://k'}} | access.oidc is needed
            access: {origins: [example.com]} | access.origins has 'example.com', which is no origin
            access: {tls: {key: /k}} | access.tls.certificates is not set
            access: {tls: {key: /k, certificates: /c}} | access.tls.certificates is /c, which has
            """;

    private static final String BAD_SECRETS =
            """
            postgres: {url: 'mysql://me:hush@db/app'} | postgres.url is something else
            postgres: {password: 12345} | postgres.password is something else
            kafka: {properties: hush} | kafka.properties is something else
            kafka: {properties: {sasl.mechansim: a}} | kafka.properties.sasl.mechansim is no setting
            kafka: {properties: {acks: 1}} | kafka.properties.acks is no setting
            postgres: {options: {sslmod: require}} | postgres.options.sslmod is no setting
            """;

    private final Path folder;

    ConfigurationTest(@TempDir Path folder) {
        this.folder = folder;
    }

    @Test
    void defaults_ofWhatNeedNotBeSet() throws IOException {
        assertEquals(
                new OutrunConfig(
                        Set.of(Role.API, Role.CONNECTOR, Role.ENGINE, Role.WORKER),
                        "node-1",
                        Path.of(".outrun", "node-1"),
                        new Topics("outrun"),
                        new DatabaseSection(
                                new PostgresAddress("db", 5432, "app", "me", ""),
                                32,
                                true,
                                Duration.ofDays(30)),
                        KafkaAddress.of("k1:9092"),
                        new HttpSection("127.0.0.1", 8080, 12_000, AccessConfig.NONE),
                        new ApiSection(10_000, 32),
                        new ConnectorSection(
                                "outrun", SourceSettings.DEFAULT, SlotSettings.DEFAULT),
                        new RunTopicLimits(Duration.ofDays(7), 20_000),
                        new EngineSection(Guarantee.AT_LEAST_ONCE, 1, 1, 0, 1),
                        new WorkerSection(false, 256, Duration.ofMillis(5), Duration.ofSeconds(5))),
                load(NEEDED).config());
    }

    @Test
    void everySetting_isRead() throws IOException {
        // Given
        Files.writeString(folder.resolve("password"), "se cret\n");
        Files.writeString(
                folder.resolve("client.properties"),
                "sasl.mechanism=PLAIN\nsecurity.protocol=PLAINTEXT\n");
        String yaml = EVERYTHING.replace("FOLDER", folder.toString());

        // When
        OutrunConfig config = load(yaml).config();

        // Then
        assertEquals(
                new OutrunConfig(
                        Set.of(Role.API, Role.WORKER),
                        "node-7",
                        Path.of("/var/lib/outrun"),
                        new Topics("acme"),
                        new DatabaseSection(
                                new PostgresAddress("db", 6543, "app", "me", "se cret")
                                        .withOptions(
                                                Map.of(
                                                        "sslmode",
                                                        "verify-full",
                                                        "sslrootcert",
                                                        "/ca.pem")),
                                8,
                                false,
                                Duration.ofDays(90)),
                        new KafkaAddress(
                                "k1:9092,k2:9092",
                                Map.of(
                                        "security.protocol",
                                        "SASL_SSL",
                                        "sasl.mechanism",
                                        "PLAIN",
                                        "sasl.login.refresh.min.period.seconds",
                                        "30")),
                        new HttpSection(
                                "0.0.0.0",
                                80,
                                500,
                                new AccessConfig(
                                        AccessConfig.Mode.OIDC,
                                        true,
                                        4_096,
                                        new CallerLimits(1, 2, 3, 4),
                                        Duration.ofDays(1),
                                        List.of("https://app.example.com", "https://b.example.com"),
                                        null,
                                        new OidcConfig(
                                                "https://id.example.com/",
                                                "outrun",
                                                URI.create("https://id.example.com/keys"),
                                                Duration.ofSeconds(5),
                                                "org",
                                                "roles"))),
                        new ApiSection(300, 4),
                        new ConnectorSection(
                                "acme",
                                new SourceSettings(
                                        SourceSettings.Kind.POLLING,
                                        4,
                                        Set.of(0, 3),
                                        Duration.ofSeconds(1)),
                                new SlotSettings(
                                        false, SlotSettings.DEFAULT.lookEvery(), 2_097_152)),
                        new RunTopicLimits(Duration.ofDays(1), 1_000),
                        new EngineSection(Guarantee.EXACTLY_ONCE_V2, 3, 2, 1, 3),
                        new WorkerSection(true, 9, Duration.ofMillis(20), Duration.ofSeconds(30))),
                config);
        Settings settings = new Settings();
        YamlFile.say(file(yaml), settings);
        List<? extends Key<?>> unsaid =
                Keys.ALL.stream().filter(key -> !settings.isSaid(key)).toList();
        // One of two that exclude each other, and files that must be there.
        assertEquals(
                List.of(Keys.POSTGRES_PASSWORD, AccessKeys.CERTIFICATES, AccessKeys.KEY), unsaid);
    }

    @Test
    void flags_beatTheEnvironment_thatTheFile_thatTheDefaults() throws IOException {
        // Given
        Map<String, String> environment =
                Map.of(
                        "OUTRUN_WORKER_CONCURRENCY", "20",
                        "OUTRUN_API_MINTED_RUNS", "20",
                        "OUTRUN_ROLES", "api, engine",
                        "OUTRUN_HTTP_PORT", "",
                        "OUTRUN_KAFKA_PROPERTIES_SASL_MECHANISM", "PLAIN",
                        "OUTRUN_POSTGRES_OPTIONS_SSLMODE", "require",
                        "OUTRUN_POSTGRES_PASSWORD", "0123",
                        "PATH", "/bin");
        Map<String, String> flags =
                Map.of("worker.concurrency", "30", "postgres.options.sslrootcert", "/ca.pem");
        String yaml =
                NEEDED
                        + "http: {port: 10}\n"
                        + "worker: {concurrency: 10}\n"
                        + "api: {minted_runs: 10, clients_max: 10}\n";

        // When
        OutrunConfig config =
                Configuration.load(
                                Map.of("api.clients_max", "5", "postgres.connections", "5"),
                                Optional.of(file(yaml)),
                                environment,
                                flags)
                        .config();

        // Then
        assertEquals(30, config.worker().concurrency());
        assertEquals(new ApiSection(10, 20), config.api());
        assertEquals(5, config.database().connections());
        assertEquals(10, config.http().port());
        assertEquals(Set.of(Role.API, Role.ENGINE), config.roles());
        assertEquals(Map.of("sasl.mechanism", "PLAIN"), config.kafka().properties());
        assertEquals(
                Map.of("sslmode", "require", "sslrootcert", "/ca.pem"),
                config.postgres().options());
        assertEquals("0123", config.postgres().password());
    }

    @Test
    void variables_thatLookLikeSettings_areNamed() throws IOException {
        // When
        Loaded loaded =
                Configuration.load(
                        Map.of(),
                        Optional.of(file(NEEDED)),
                        Map.of(
                                "OUTRUN_WORKER_CONCURENCY", "1",
                                "OUTRUN_SERVICE_HOST", "10.0.0.1",
                                "OUTRUN_URL", "http://elsewhere"),
                        Map.of());

        // Then
        assertEquals(Set.of("OUTRUN_WORKER_CONCURENCY", "OUTRUN_SERVICE_HOST"), loaded.strangers());
    }

    @Test
    void variables_ofAllSettings_differ() {
        // When
        List<String> variables =
                Keys.ALL.stream()
                        .flatMap(key ->
                                Stream.concat(
                                        Stream.of(key.variable()),
                                        key.kind().names().stream().map(key::variable)))
                        .toList();

        // Then
        assertEquals(variables.size(), Set.copyOf(variables).size());
    }

    @Test
    void unknownSettings_areAllNamed_withWhatMayBeMeant() {
        // When
        String refusal =
                refusal(
                        NEEDED
                                + """
                                workers: {concurrency: 1}
                                worker:
                                  concurency: 1
                                http: 8080
                                api:
                                """);

        // Then
        assertEquals(
                """
                workers is no setting (in FILE)
                worker.concurency is no setting (in FILE); is worker.concurrency meant?
                http is a section, not a value (in FILE)\
                """,
                refusal);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = BAD_VALUES)
    void badValue_isRefused_withItsNameAndItsBound(String yaml, String refusal) {
        assertEquals(refusal + " (in FILE)", refusal(NEEDED.replace("instance: node-1", yaml)));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = BAD_ACCESS)
    void access_thatDoesNotFit_isRefused(String line, String refusal) {
        String said = refusal(NEEDED + line);
        assertTrue(said.startsWith(refusal), said);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = BAD_SECRETS)
    void badValue_thatMayBeSecret_isRefusedWithoutShowingIt(String yaml, String refusal) {
        // When
        Map<String, String> needed =
                Map.of(
                        "postgres.url", "postgresql://me@db/app",
                        "kafka.bootstrap_servers", "k1:9092");
        String said =
                message(() ->
                        Configuration.load(needed, Optional.of(file(yaml)), Map.of(), Map.of()));

        // Then
        assertTrue(said.startsWith(refusal), said);
        assertFalse(said.contains("hush"));
        assertFalse(said.contains("12345"));
    }

    @Test
    void valuesThatContradictEachOther_areRefused() {
        assertEquals(
                "connector.own_slots is [2], not some of 0 to 1, as there are 2 slots",
                refusal(NEEDED + "connector: {slots: 2, own_slots: [2]}\n"));
        assertEquals(
                "postgres.password and postgres.password_file are both set: take one of them",
                refusal(NEEDED.replace("/app", "/app\n  password: a\n  password_file: b")));
        assertTrue(
                refusal(NEEDED + "  properties: {security.protocol: MAGIC}\n")
                        .startsWith(
                                "kafka.properties: Invalid value MAGIC for configuration"
                                        + " security.protocol"));
    }

    @Test
    void files_thatCannotBeRead_areNamed() {
        assertTrue(
                refusal(NEEDED.replace("/app", "/app\n  password_file: /none/such"))
                        .startsWith(
                                "postgres.password_file is /none/such, which cannot be read: "));
        assertEquals(
                "there is no file /none/such.yaml",
                message(() ->
                        Configuration.load(
                                Map.of(),
                                Optional.of(Path.of("/none/such.yaml")),
                                Map.of(),
                                Map.of())));
    }

    @Test
    void files_thatAreNoSettings_areRefused() {
        assertTrue(refusal("a: [b\n").startsWith("FILE is no YAML, in line "));
        assertTrue(refusal("http: {port: 1}\nhttp: {port: 2}\n").startsWith("FILE is no YAML"));
        assertTrue(refusal("just text\n").startsWith("FILE is no list of settings"));
    }

    @Test
    void settings_thatAreNeeded_areAskedFor() {
        assertEquals(
                "postgres.url is not set, in the file or as OUTRUN_POSTGRES_URL: it is"
                        + " postgresql://user:password@host:port/database",
                refusal("# nothing\n"));
        assertEquals(
                "kafka.bootstrap_servers is not set, in the file or as"
                        + " OUTRUN_KAFKA_BOOTSTRAP_SERVERS: it is host:port, or several with"
                        + " commas between",
                refusal("postgres: {url: 'postgresql://me@db/app'}\n"));
    }

    private Loaded load(String yaml) throws IOException {
        return Configuration.load(Map.of(), Optional.of(file(yaml)), Map.of(), Map.of());
    }

    /** With {@code FILE} for the file's name. */
    private String refusal(String yaml) {
        return message(() -> load(yaml)).replace(folder.resolve("outrun.yaml").toString(), "FILE");
    }

    private static String message(Executable loading) {
        return String.valueOf(assertThrows(SettingException.class, loading).getMessage());
    }

    private Path file(String yaml) throws IOException {
        return Files.writeString(folder.resolve("outrun.yaml"), yaml);
    }
}
