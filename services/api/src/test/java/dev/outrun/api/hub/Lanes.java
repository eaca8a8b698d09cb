package dev.outrun.api.hub;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.outrun.schema.event.Event;
import dev.outrun.schema.run.RunId;
import dev.outrun.schema.run.Tenant;
import dev.outrun.schema.topic.RecordHeaders;
import dev.outrun.schema.topic.Topics;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/** The publisher's two lanes, driven by a test's hand. Each call returns when the broker has it. */
public final class Lanes implements AutoCloseable {

    private final Topics topics;
    private final Admin admin;
    private final KafkaProducer<byte[], byte[]> producer;

    /** Lanes over a firehose that this makes. */
    public Lanes(String bootstrapServers, Topics topics, int shards) {
        this.topics = topics;
        this.admin =
                Admin.create(Map.of(AdminClientConfig.BOOTSTRAP_SERVERS_CONFIG, bootstrapServers));
        this.producer =
                new KafkaProducer<>(
                        Map.of(
                                ProducerConfig.BOOTSTRAP_SERVERS_CONFIG,
                                bootstrapServers,
                                ProducerConfig.ACKS_CONFIG,
                                "all",
                                ProducerConfig.LINGER_MS_CONFIG,
                                0),
                        new ByteArraySerializer(),
                        new ByteArraySerializer());
        create(List.of(new NewTopic(topics.events(), shards, (short) 1)));
    }

    /** Makes the topics of these runs. */
    public void makeTopics(Collection<RunId> runs) {
        create(
                runs.stream()
                        .map(run -> new NewTopic(topics.run(Tenant.DEFAULT, run), 1, (short) 1))
                        .toList());
    }

    /** Publishes to the firehose. */
    public void live(int shard, List<Event> events) {
        send(topics.events(), shard, events);
    }

    /** Publishes to the run's topic, which is there. */
    public void log(RunId run, List<Event> events) {
        send(topics.run(Tenant.DEFAULT, run), 0, events);
    }

    @Override
    public void close() {
        producer.close();
        admin.close();
    }

    private void create(List<NewTopic> made) {
        try {
            admin.createTopics(made).all().get();
        } catch (InterruptedException | ExecutionException e) {
            throw new IllegalStateException("making topics", e);
        }
    }

    private void send(String topic, int partition, List<Event> events) {
        List<Future<RecordMetadata>> sent = new ArrayList<>();
        for (Event event : events) {
            ProducerRecord<byte[], byte[]> record =
                    new ProducerRecord<>(
                            topic, partition, event.run().toString().getBytes(UTF_8), event.data());
            RecordHeaders.write(record.headers(), event, null);
            sent.add(producer.send(record));
        }
        try {
            for (Future<RecordMetadata> one : sent) {
                one.get();
            }
        } catch (InterruptedException | ExecutionException e) {
            throw new IllegalStateException("sending to " + topic, e);
        }
    }
}
