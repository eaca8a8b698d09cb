package dev.outrun.devstack;

import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;

/** A topic of one partition, used through plain clients. */
record Topic(String bootstrapServers, String name) {

    private static final Duration READ_TIMEOUT = Duration.ofSeconds(30);

    void create() throws ExecutionException, InterruptedException {
        try (Admin admin = Admin.create(client())) {
            admin.createTopics(List.of(new NewTopic(name, 1, (short) 1))).all().get();
        }
    }

    /** Returns the offset, once the broker has it. */
    long append(String value) throws ExecutionException, InterruptedException {
        return append(value, Map.of());
    }

    /** The same, with settings of the producer. */
    long append(String value, Map<String, Object> settings)
            throws ExecutionException, InterruptedException {
        Map<String, Object> config = new HashMap<>(settings);
        config.putAll(client());
        try (KafkaProducer<String, String> producer =
                new KafkaProducer<>(config, new StringSerializer(), new StringSerializer())) {
            return producer.send(new ProducerRecord<>(name, value)).get().offset();
        }
    }

    /** The value at the beginning of the log. */
    String first() {
        try (KafkaConsumer<String, String> consumer =
                new KafkaConsumer<>(client(), new StringDeserializer(), new StringDeserializer())) {
            TopicPartition partition = new TopicPartition(name, 0);
            consumer.assign(List.of(partition));
            consumer.seek(partition, 0);
            long deadline = System.nanoTime() + READ_TIMEOUT.toNanos();
            while (System.nanoTime() < deadline) {
                for (ConsumerRecord<String, String> record : consumer.poll(READ_TIMEOUT)) {
                    return record.value();
                }
            }
            throw new IllegalStateException("nothing in " + name + " within " + READ_TIMEOUT);
        }
    }

    Map<String, Object> client() {
        return Map.of("bootstrap.servers", bootstrapServers);
    }
}
