package dev.outrun.schema.topic;

import java.util.HashMap;
import java.util.Map;

/**
 * Where a Kafka cluster is and how to get in.
 *
 * @param properties client properties, such as those of SASL; they win over our own
 */
public record KafkaAddress(String bootstrapServers, Map<String, String> properties) {

    public KafkaAddress {
        if (bootstrapServers.isBlank()) {
            throw new IllegalArgumentException("kafka.bootstrap_servers must not be empty");
        }
        properties = Map.copyOf(properties);
    }

    /** Of brokers that let everybody in. */
    public static KafkaAddress of(String bootstrapServers) {
        return new KafkaAddress(bootstrapServers, Map.of());
    }

    /** A client's options: its own, the address, and what {@link #properties} overrides. */
    public Map<String, Object> client(Map<String, ?> own) {
        Map<String, Object> all = new HashMap<>(own);
        // By default an MBean for each measure, and for each topic and measure.
        all.put("metric.reporters", "");
        // The brokers have no use for them: what is worth watching is scraped from the process.
        all.put("enable.metrics.push", false);
        all.put("bootstrap.servers", bootstrapServers);
        all.putAll(properties);
        return all;
    }

    /** Without the properties, which may hold secrets. */
    @Override
    public String toString() {
        return bootstrapServers;
    }
}
