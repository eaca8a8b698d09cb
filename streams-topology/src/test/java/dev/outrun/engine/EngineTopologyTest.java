package dev.outrun.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outrun.engine.out.Outlets;
import dev.outrun.engine.out.ShardKey;
import dev.outrun.engine.run.Patience;
import dev.outrun.schema.run.RunId;
import dev.outrun.schema.topic.KafkaAddress;
import dev.outrun.schema.topic.Topics;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.apache.kafka.common.config.ConfigException;
import org.apache.kafka.streams.GroupProtocol;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.TopologyDescription;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

final class EngineTopologyTest {

    private static final Topics TOPICS = new Topics("test");

    @Test
    void topology_readsBothTopicsInOneTask() {
        // When
        var subtopologies =
                EngineTopology.create(TOPICS, EngineSettings.DEFAULT).describe().subtopologies();

        // Then
        assertEquals(1, subtopologies.size());
        assertEquals(
                2,
                subtopologies.iterator().next().nodes().stream()
                        .filter(TopologyDescription.Source.class::isInstance)
                        .count());
    }

    @Test
    void record_ofAShard_goesToTheShardsPartition() {
        // Given
        var key = new ShardKey(3, new RunId(new UUID(0, 1)));

        // When
        var partitions = Outlets.ownShard().partitions("decisions", key, "any", 4);

        // Then
        assertEquals(Optional.of(Set.of(3)), partitions);
        assertThrows(
                IllegalStateException.class,
                () -> Outlets.ownShard().partitions("decisions", key, "any", 3));
    }

    @Test
    void task_ofAnyShard_goesWhereAllWorkersLook() {
        // Given
        var key = new ShardKey(3, new RunId(new UUID(0, 1)));

        // When
        var partitions = Outlets.onlyOne().partitions("tasks", key, "any", 1);

        // Then
        assertEquals(Optional.of(Set.of(0)), partitions);
    }

    @ParameterizedTest
    @EnumSource(Guarantee.class)
    void properties_ofEachGuarantee_areValid(Guarantee guarantee) {
        // When
        var config = new StreamsConfig(properties(guarantee, "node-1", 2, 1).toProperties());

        // Then
        assertEquals("test-engine", config.getString(StreamsConfig.APPLICATION_ID_CONFIG));
        var consumer = config.getMainConsumerConfigs("group", "client", 0);
        assertEquals("node-1-0", consumer.get("group.instance.id"));
        assertEquals("earliest", consumer.get("auto.offset.reset"));
        var producer = config.getProducerConfigs("client");
        assertEquals(0, producer.get("linger.ms"));
    }

    @ParameterizedTest
    @CsvSource({"'', 1, 1", "a/b, 1, 1", "a, 0, 1", "a, 1025, 1", "a, 1, 0"})
    void properties_outOfBounds_areRefused(String instance, int threads, int replicationFactor) {
        // When / Then
        assertThrows(
                IllegalArgumentException.class,
                () -> properties(Guarantee.AT_LEAST_ONCE, instance, threads, replicationFactor));
    }

    @Test
    void standbyReplicas_areNone_unlessAskedFor() {
        // Given
        var properties = properties(Guarantee.AT_LEAST_ONCE, "a", 1, 1);

        // When / Then
        assertEquals(0, standbyReplicas(properties));
        assertEquals(2, standbyReplicas(properties.withStandbyReplicas(2)));
        var refused =
                assertThrows(
                        IllegalArgumentException.class, () -> properties.withStandbyReplicas(-1));
        assertEquals("engine.standby_replicas is -1, not 0 to 16", refused.getMessage());
    }

    private static int standbyReplicas(EngineProperties properties) {
        return new StreamsConfig(properties.toProperties())
                .getInt(StreamsConfig.NUM_STANDBY_REPLICAS_CONFIG);
    }

    @Test
    void streamsProtocol_withStaticMembership_isRefused() {
        // Given: why the protocol is the classic one
        var properties = properties(Guarantee.AT_LEAST_ONCE, "a", 1, 1).toProperties();
        properties.put(StreamsConfig.GROUP_PROTOCOL_CONFIG, GroupProtocol.STREAMS.name());

        // When
        var refused = assertThrows(ConfigException.class, () -> new StreamsConfig(properties));

        // Then
        assertTrue(String.valueOf(refused.getMessage()).contains("static membership"));
    }

    @Test
    void settings_outOfBounds_areRefusedByName() {
        // When
        var refused =
                assertThrows(
                        IllegalArgumentException.class,
                        () -> new EngineSettings(Patience.DEFAULT, Duration.ofMillis(99), 1));

        // Then
        assertEquals(
                "engine.worker_timeout is PT0.099S, not PT0.1S to PT24H", refused.getMessage());
    }

    private static EngineProperties properties(
            Guarantee guarantee, String instance, int threads, int replicationFactor) {
        return new EngineProperties(
                KafkaAddress.of("localhost:9092"),
                TOPICS,
                guarantee,
                instance,
                threads,
                Path.of("state"),
                replicationFactor);
    }
}
