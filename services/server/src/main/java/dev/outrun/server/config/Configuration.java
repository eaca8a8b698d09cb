package dev.outrun.server.config;

import dev.outrun.api.ApiConfig;
import dev.outrun.connector.ConnectorConfig.SlotSettings;
import dev.outrun.connector.ConnectorConfig.SourceSettings;
import dev.outrun.connector.topic.RunTopicLimits;
import dev.outrun.schema.sql.PostgresAddress;
import dev.outrun.schema.topic.KafkaAddress;
import dev.outrun.server.ApiSection;
import dev.outrun.server.ConnectorSection;
import dev.outrun.server.DatabaseSection;
import dev.outrun.server.EngineSection;
import dev.outrun.server.HttpSection;
import dev.outrun.server.OutrunConfig;
import dev.outrun.server.WorkerSection;
import java.io.IOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.Set;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.common.config.ConfigException;

/** The configuration of a process, from all that is said of it. */
public final class Configuration {

    private final Settings settings;

    private Configuration(Settings settings) {
        this.settings = settings;
    }

    /**
     * What was read.
     *
     * @param strangers environment variables that look like settings and are none
     */
    public record Loaded(OutrunConfig config, Set<String> strangers) {}

    /**
     * Reads it: flags beat the environment, that beats the file, and that the defaults.
     *
     * @param defaults other defaults than a server's, by path
     * @param flags by path
     * @throws SettingException that names the setting, its value and what it may be
     */
    public static Loaded load(
            Map<String, String> defaults,
            Optional<Path> file,
            Map<String, String> environment,
            Map<String, String> flags) {
        Settings settings = new Settings();
        defaults.forEach((path, text) -> settings.say(path, text, "by default"));
        file.ifPresent(yaml -> YamlFile.say(yaml, settings));
        Set<String> strangers = Variables.say(environment, settings);
        flags.forEach((path, text) -> settings.say(path, text, "on the command line"));
        return new Loaded(new Configuration(settings).config(), strangers);
    }

    private OutrunConfig config() {
        String instance = settings.find(Keys.INSTANCE).orElseGet(Configuration::hostName);
        return new OutrunConfig(
                settings.get(Keys.ROLES),
                instance,
                settings.find(Keys.STATE_DIR).orElseGet(() -> Path.of(".outrun", instance)),
                settings.get(Keys.TOPIC_PREFIX),
                new DatabaseSection(
                        postgres(),
                        settings.get(Keys.POSTGRES_CONNECTIONS),
                        settings.get(Keys.POSTGRES_MIGRATE),
                        settings.get(Keys.POSTGRES_RETENTION)),
                kafka(),
                http(),
                new ApiSection(
                        settings.get(Keys.API_CLIENTS_MAX), settings.get(Keys.API_MINTED_RUNS)),
                connector(),
                new RunTopicLimits(
                        settings.get(Keys.RUN_TOPICS_RETENTION), settings.get(Keys.RUN_TOPICS_MAX)),
                new EngineSection(
                        settings.get(Keys.ENGINE_GUARANTEE),
                        settings.get(Keys.ENGINE_THREADS),
                        settings.get(Keys.ENGINE_ANALYTICS_THREADS),
                        settings.get(Keys.ENGINE_STANDBY_REPLICAS),
                        settings.get(Keys.ENGINE_REPLICATION_FACTOR)),
                new WorkerSection(
                        settings.get(Keys.WORKER_SAMPLES),
                        settings.get(Keys.WORKER_CONCURRENCY),
                        settings.get(Keys.WORKER_EMIT_DELAY),
                        settings.get(Keys.WORKER_CLOSE_GRACE)));
    }

    private PostgresAddress postgres() {
        PostgresAddress address =
                settings.get(Keys.POSTGRES_URL).withOptions(settings.get(Keys.POSTGRES_OPTIONS));
        if (settings.isSaid(Keys.POSTGRES_PASSWORD)
                && settings.isSaid(Keys.POSTGRES_PASSWORD_FILE)) {
            throw new SettingException(
                    "postgres.password and postgres.password_file are both set: take one of them");
        }
        return settings.find(Keys.POSTGRES_PASSWORD)
                .or(() ->
                        settings.find(Keys.POSTGRES_PASSWORD_FILE)
                                .map(file -> text(Keys.POSTGRES_PASSWORD_FILE, file).strip()))
                .map(address::withPassword)
                .orElse(address);
    }

    private HttpSection http() {
        HttpSection http =
                new HttpSection(
                        settings.get(Keys.HTTP_HOST),
                        settings.get(Keys.HTTP_PORT),
                        settings.get(Keys.HTTP_CONNECTIONS_MAX),
                        AccessKeys.read(settings));
        try {
            ApiConfig _ = http.config();
        } catch (IllegalArgumentException e) {
            throw new SettingException(String.valueOf(e.getMessage()), e);
        }
        return http;
    }

    private KafkaAddress kafka() {
        Map<String, String> properties = new LinkedHashMap<>();
        settings.find(Keys.KAFKA_PROPERTIES_FILE)
                .ifPresent(file -> properties.putAll(properties(file)));
        properties.putAll(settings.get(Keys.KAFKA_PROPERTIES));
        KafkaAddress kafka =
                new KafkaAddress(settings.get(Keys.KAFKA_BOOTSTRAP_SERVERS), properties);
        try {
            // Nobody is asked yet: it looks at each value by itself.
            AdminClientConfig _ = new AdminClientConfig(kafka.client(Map.of()));
        } catch (ConfigException e) {
            throw new SettingException("kafka.properties: " + e.getMessage(), e);
        }
        return kafka;
    }

    private static Map<String, String> properties(Path file) {
        Properties read = new Properties();
        try (var in = Files.newBufferedReader(file)) {
            read.load(in);
        } catch (IOException | IllegalArgumentException e) {
            throw unreadable(Keys.KAFKA_PROPERTIES_FILE, file, e);
        }
        Map<String, String> properties = new LinkedHashMap<>();
        for (String name : read.stringPropertyNames()) {
            if (!Keys.KAFKA_PROPERTIES.kind().names().contains(name)) {
                throw Settings.unknown(Keys.KAFKA_PROPERTIES.path() + "." + name, "in " + file);
            }
            properties.put(name, read.getProperty(name));
        }
        return properties;
    }

    private ConnectorSection connector() {
        int slots = settings.get(Keys.CONNECTOR_SLOTS);
        Set<Integer> own = settings.get(Keys.CONNECTOR_OWN_SLOTS);
        if (own.stream().anyMatch(number -> number >= slots)) {
            throw new SettingException(
                    "connector.own_slots is %s, not some of 0 to %d, as there are %d slots"
                            .formatted(own, slots - 1, slots));
        }
        return new ConnectorSection(
                settings.get(Keys.CONNECTOR_SLOT),
                new SourceSettings(
                        settings.get(Keys.CONNECTOR_SOURCE),
                        slots,
                        own,
                        settings.get(Keys.CONNECTOR_POLL_EVERY)),
                new SlotSettings(
                        settings.get(Keys.CONNECTOR_SLOT_FAILOVER),
                        SlotSettings.DEFAULT.lookEvery(),
                        settings.get(Keys.CONNECTOR_SLOT_LAG_BYTES_MAX)));
    }

    private static String text(Key<Path> key, Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw unreadable(key, file, e);
        }
    }

    private static SettingException unreadable(Key<Path> key, Path file, Exception why) {
        return new SettingException(
                "%s is %s, which cannot be read: %s".formatted(key.path(), file, why), why);
    }

    private static String hostName() {
        try {
            String name = InetAddress.getLocalHost().getHostName();
            Settings settings = new Settings();
            settings.say(Keys.INSTANCE.path(), name, "this host's name");
            return settings.get(Keys.INSTANCE);
        } catch (UnknownHostException e) {
            throw new SettingException(
                    "instance is not set, and this host has no name to go by", e);
        }
    }
}
