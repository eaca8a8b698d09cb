package dev.outrun.analytics;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.outrun.schema.topic.KafkaAddress;
import dev.outrun.schema.topic.Topics;
import java.nio.file.Path;
import java.time.Duration;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.errors.TopologyException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class AnalyticsTopologyTest {

    private static final Topics TOPICS = new Topics("test");

    @Test
    void topology_ofAnotherReaderOfTheFirehose_isRefused() {
        // Given: why analytics is not in the engine's topology
        var bytes = new ByteArrayDeserializer();
        var topology = AnalyticsTopology.create(TOPICS, AnalyticsSettings.DEFAULT);

        // When / Then
        assertThrows(
                TopologyException.class,
                () -> topology.addSource("engine", bytes, bytes, TOPICS.events()));
    }

    @Test
    void properties_areValid_andExactlyOnce() {
        // When
        var config = new StreamsConfig(properties("node-1", 2, 1).toProperties());

        // Then
        assertEquals("test-analytics", config.getString(StreamsConfig.APPLICATION_ID_CONFIG));
        assertEquals(
                StreamsConfig.EXACTLY_ONCE_V2,
                config.getString(StreamsConfig.PROCESSING_GUARANTEE_CONFIG));
        var consumer = config.getMainConsumerConfigs("group", "client", 0);
        assertEquals("node-1-0", consumer.get("group.instance.id"));
        assertEquals("earliest", consumer.get("auto.offset.reset"));
    }

    @ParameterizedTest
    @CsvSource({"'', 1, 1", "a/b, 1, 1", "a, 0, 1", "a, 1025, 1", "a, 1, 0"})
    void properties_outOfBounds_areRefused(String instance, int threads, int replicationFactor) {
        // When / Then
        assertThrows(
                IllegalArgumentException.class,
                () -> properties(instance, threads, replicationFactor));
    }

    @ParameterizedTest
    @ValueSource(strings = {"PT59S", "PT90S", "P7DT1M", "PT0S"})
    void grace_outOfBounds_isRefusedByName(String grace) {
        // When
        var refused =
                assertThrows(
                        IllegalArgumentException.class,
                        () -> new AnalyticsSettings(Duration.parse(grace)));

        // Then
        assertEquals(
                "analytics.grace is "
                        + Duration.parse(grace)
                        + ", not whole minutes from PT1M to PT168H",
                refused.getMessage());
    }

    private static AnalyticsProperties properties(
            String instance, int threads, int replicationFactor) {
        return new AnalyticsProperties(
                KafkaAddress.of("localhost:9092"),
                TOPICS,
                instance,
                threads,
                Path.of("state"),
                replicationFactor);
    }
}
