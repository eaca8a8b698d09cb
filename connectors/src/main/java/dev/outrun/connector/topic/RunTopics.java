package dev.outrun.connector.topic;

import dev.outrun.schema.topic.KafkaAddress;
import dev.outrun.schema.topic.RecordHeaders;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Predicate;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.Config;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.DeleteTopicsOptions;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.InvalidOffsetException;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.Node;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.config.TopicConfig;
import org.apache.kafka.common.errors.AuthorizationException;
import org.apache.kafka.common.errors.DisconnectException;
import org.apache.kafka.common.errors.InvalidReplicationFactorException;
import org.apache.kafka.common.errors.RetriableException;
import org.apache.kafka.common.errors.TopicExistsException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.apache.kafka.common.header.Headers;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The topics of runs: looked up, made and deleted in batches. Thread-safe. */
public final class RunTopics implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(RunTopics.class);

    /** Topics per request: 9,000 were refused as too many bytes. */
    private static final int BATCH = 1_000;

    /** After brokers have not answered. */
    private static final Duration ASK_AGAIN = Duration.ofMillis(100);

    /** For brokers to hear of a topic. */
    private static final Duration LOOK_AGAIN = Duration.ofMillis(10);

    private static final Duration HEARD_LIMIT = Duration.ofSeconds(10);

    /** For the last records of topics. */
    private static final Duration READ_LIMIT = Duration.ofSeconds(10);

    private final KafkaAddress kafka;
    private final Admin admin;
    private volatile @Nullable Map<String, String> configs;

    public RunTopics(KafkaAddress kafka, String clientId) {
        this.kafka = kafka;
        this.admin = AdminClients.create(kafka, clientId);
    }

    /**
     * Makes those that are missing, and says where each of {@code asked} ends.
     *
     * @param topics all that have to exist afterwards
     * @param asked those of them whose end is wanted: 0 for a topic made by this call
     */
    public Map<String, Long> prepare(Collection<String> topics, Set<String> asked)
            throws InterruptedException, ExecutionException {
        Set<String> missing = missing(topics);
        missing.removeAll(create(missing)); // somebody else has made them in between
        Map<String, Long> ends = new HashMap<>();
        Set<String> existing = new HashSet<>();
        for (String topic : asked) {
            if (missing.contains(topic)) {
                ends.put(topic, 0L);
            } else {
                existing.add(topic);
            }
        }
        ends.putAll(endsOfExisting(existing));
        return ends;
    }

    /** The same, however long brokers do not answer. */
    public Map<String, Long> awaitPrepared(Collection<String> topics, Set<String> asked)
            throws InterruptedException, ExecutionException {
        while (true) {
            try {
                return prepare(topics, asked);
            } catch (ExecutionException e) {
                waitUnlessHopeless(e, topics.size());
            }
        }
    }

    /** Where these topics end, however long brokers do not answer; those that exist. */
    public Map<String, Long> ends(Collection<String> topics)
            throws InterruptedException, ExecutionException {
        while (true) {
            try {
                Set<String> found = new HashSet<>(topics);
                found.removeAll(missing(topics));
                return endsOfExisting(found);
            } catch (ExecutionException e) {
                waitUnlessHopeless(e, topics.size());
            }
        }
    }

    private Map<String, Long> endsOfExisting(Set<String> topics)
            throws InterruptedException, ExecutionException {
        Map<TopicPartition, OffsetSpec> questions = new HashMap<>();
        topics.forEach(topic -> questions.put(new TopicPartition(topic, 0), OffsetSpec.latest()));
        Map<String, Long> ends = new HashMap<>();
        if (!questions.isEmpty()) {
            FreshTopics.ask(() -> admin.listOffsets(questions).all())
                    .forEach((partition, end) -> ends.put(partition.topic(), end.offset()));
        }
        return ends;
    }

    /**
     * Which of these topics do not end with an event whose seq is its offset, however long brokers
     * do not answer; one that has been deleted meanwhile is not among them.
     *
     * @param ends the offset after each topic's last record
     */
    public Set<String> wrong(Map<String, Long> ends)
            throws InterruptedException, ExecutionException {
        Map<TopicPartition, Long> lasts = new HashMap<>();
        ends.forEach((topic, end) -> {
            if (end > 0) {
                lasts.put(new TopicPartition(topic, 0), end - 1);
            }
        });
        while (!lasts.isEmpty()) {
            try (Consumer<byte[], byte[]> consumer = Consumers.create(kafka, "outrun-run-ends")) {
                return wrong(consumer, lasts);
            } catch (RetriableException e) {
                LOG.warn("the ends of run topics cannot be read count={}", ends.size(), e);
                Thread.sleep(ASK_AGAIN);
                Set<String> existing = ends(ends.keySet()).keySet();
                lasts.keySet().removeIf(last -> !existing.contains(last.topic()));
            }
        }
        return Set.of();
    }

    private static Set<String> wrong(
            Consumer<byte[], byte[]> consumer, Map<TopicPartition, Long> lasts) {
        Set<String> wrong = new HashSet<>();
        Map<TopicPartition, Long> begins = new HashMap<>(lasts);
        while (!begins.isEmpty()) {
            Map<TopicPartition, Long> ends = new HashMap<>(begins);
            ends.replaceAll((partition, last) -> last + 1);
            consumer.assign(begins.keySet());
            try {
                Consumers.readAll(
                        consumer,
                        begins,
                        ends,
                        READ_LIMIT,
                        record -> {
                            if (!isEventAt(record.offset(), record.headers())) {
                                wrong.add(record.topic());
                            }
                        });
                return wrong;
            } catch (InvalidOffsetException e) { // its records were deleted
                e.partitions().forEach(partition -> wrong.add(partition.topic()));
                begins.keySet().removeAll(e.partitions());
            }
        }
        return wrong;
    }

    /**
     * Whether a topic's records, from offset 0 to its end, are what somebody wants them to be;
     * empty where that cannot be said just now: its end has to be asked for again.
     */
    public Optional<Boolean> isAll(
            String topic, long end, Predicate<ConsumerRecord<byte[], byte[]>> wanted)
            throws InterruptedException {
        TopicPartition log = new TopicPartition(topic, 0);
        AtomicBoolean all = new AtomicBoolean(true);
        try (Consumer<byte[], byte[]> consumer = Consumers.create(kafka, "outrun-run-check")) {
            consumer.assign(Set.of(log));
            Consumers.readAll(
                    consumer,
                    Map.of(log, 0L),
                    Map.of(log, end),
                    READ_LIMIT,
                    record -> all.compareAndSet(true, wanted.test(record)));
            return Optional.of(all.get());
        } catch (InvalidOffsetException e) { // its first ones were deleted
            return Optional.of(false);
        } catch (RetriableException e) {
            LOG.warn("a run topic cannot be read topic={}", topic, e);
            Thread.sleep(ASK_AGAIN);
            return Optional.empty();
        }
    }

    private static boolean isEventAt(long offset, Headers headers) {
        try {
            return RecordHeaders.seq(headers) == offset;
        } catch (IllegalArgumentException e) {
            return false; // not a publisher's record
        }
    }

    /**
     * Deletes this topic and makes it again, empty; false if that has to be tried once more.
     *
     * <p>Brokers hear of both a moment after they are done. Until then a producer is shown the
     * deleted topic, and what it sends there is acknowledged, and lost.
     */
    public boolean isMadeAnew(String topic) throws InterruptedException, ExecutionException {
        try {
            Uuid old = id(topic);
            for (KafkaFuture<Void> deleted :
                    admin.deleteTopics(List.of(topic)).topicNameValues().values()) {
                isDeleted(deleted);
            }
            if (!create(List.of(topic)).isEmpty()) {
                return false;
            }
            long deadline = System.nanoTime() + HEARD_LIMIT.toNanos();
            for (Uuid now = id(topic); now == null || now.equals(old); now = id(topic)) {
                if (System.nanoTime() - deadline > 0) {
                    return false; // perhaps somebody has deleted it again
                }
                Thread.sleep(LOOK_AGAIN);
            }
            return true;
        } catch (ExecutionException e) {
            waitUnlessHopeless(e, 1);
            return false;
        }
    }

    /** Which topic of that name it is; null if there is none. */
    private @Nullable Uuid id(String topic) throws InterruptedException, ExecutionException {
        try {
            TopicDescription found =
                    admin.describeTopics(List.of(topic)).allTopicNames().get().get(topic);
            return found == null ? null : found.topicId();
        } catch (ExecutionException e) {
            if (!(e.getCause() instanceof UnknownTopicOrPartitionException)) {
                throw e;
            }
            return null;
        }
    }

    /** False if the topic was gone before. */
    private static boolean isDeleted(KafkaFuture<Void> deleted)
            throws InterruptedException, ExecutionException {
        try {
            deleted.get();
            return true;
        } catch (ExecutionException e) {
            if (!(e.getCause() instanceof UnknownTopicOrPartitionException)) {
                throw e;
            }
            return false;
        }
    }

    private static void waitUnlessHopeless(ExecutionException e, int count)
            throws InterruptedException, ExecutionException {
        if (!isTemporary(e.getCause())) {
            throw e;
        }
        LOG.warn("brokers do not answer about run topics count={}", count, e);
        Thread.sleep(ASK_AGAIN);
    }

    /**
     * Whether asking again can help. Kafka does not count too few brokers for a new topic among
     * these, but that is how it refuses one while brokers stop, start or are away.
     */
    private static boolean isTemporary(@Nullable Throwable refusal) {
        return refusal instanceof RetriableException
                || refusal instanceof InvalidReplicationFactorException;
    }

    /** Makes topics; returns those that were there already. */
    public Set<String> create(Collection<String> topics)
            throws InterruptedException, ExecutionException {
        Set<String> existing = new HashSet<>();
        for (List<String> batch : batches(topics)) {
            Map<String, String> needed = configs();
            Map<String, KafkaFuture<Void>> made =
                    admin.createTopics(batch.stream().map(name -> topic(name, needed)).toList())
                            .values();
            for (Map.Entry<String, KafkaFuture<Void>> one : made.entrySet()) {
                try {
                    one.getValue().get();
                } catch (ExecutionException e) {
                    if (!(e.getCause() instanceof TopicExistsException)) {
                        throw e;
                    }
                    existing.add(one.getKey());
                }
            }
        }
        return existing;
    }

    /** The names of all topics there are, of whatever kind. */
    Set<String> names() throws InterruptedException, ExecutionException {
        return admin.listTopics().names().get();
    }

    /** Deletes topics, as far as the time goes; returns how many of them were still there. */
    int delete(Collection<String> topics, Duration limit)
            throws InterruptedException, ExecutionException {
        long deadline = System.nanoTime() + limit.toNanos();
        int count = 0;
        for (List<String> batch : batches(topics)) {
            long left = TimeUnit.NANOSECONDS.toMillis(deadline - System.nanoTime());
            DeleteTopicsOptions limited =
                    new DeleteTopicsOptions().timeoutMs((int) Math.max(1, left));
            for (KafkaFuture<Void> deleted :
                    admin.deleteTopics(batch, limited).topicNameValues().values()) {
                count += isDeleted(deleted) ? 1 : 0;
            }
        }
        return count;
    }

    @Override
    public void close() {
        admin.close(Duration.ZERO); // nothing under way is waited for by anyone
    }

    private Set<String> missing(Collection<String> topics)
            throws InterruptedException, ExecutionException {
        Set<String> missing = new HashSet<>();
        for (List<String> batch : batches(topics)) {
            Map<String, KafkaFuture<TopicDescription>> found =
                    admin.describeTopics(batch).topicNameValues();
            for (Map.Entry<String, KafkaFuture<TopicDescription>> one : found.entrySet()) {
                try {
                    one.getValue().get();
                } catch (ExecutionException e) {
                    if (!(e.getCause() instanceof UnknownTopicOrPartitionException)) {
                        throw e;
                    }
                    missing.add(one.getKey());
                }
            }
        }
        return missing;
    }

    private static NewTopic topic(String name, Map<String, String> configs) {
        return new NewTopic(name, Optional.of(1), Optional.empty()).configs(configs);
    }

    private Map<String, String> configs() throws InterruptedException, ExecutionException {
        Map<String, String> known = configs;
        if (known == null) {
            known = needed();
            configs = known;
        }
        return known;
    }

    /**
     * What a run topic needs beyond the broker's defaults. A topic with a config of its own makes
     * the broker look through all its logs when it is made: so none is set that the broker, if it
     * is ours, has as its default.
     *
     * @throws ExecutionException if no broker answers just now
     */
    private Map<String, String> needed() throws InterruptedException, ExecutionException {
        Map<String, String> needed = new HashMap<>();
        needed.put(TopicConfig.RETENTION_MS_CONFIG, "-1");
        needed.put(
                TopicConfig.MAX_MESSAGE_BYTES_CONFIG,
                Integer.toString(PlatformTopics.RECORD_BYTES_MAX));
        try {
            Node node =
                    admin.describeCluster().nodes().get().stream()
                            .findFirst()
                            .orElseThrow(() ->
                                    new ExecutionException(
                                            new DisconnectException("brokers are just starting")));
            ConfigResource broker = new ConfigResource(ConfigResource.Type.BROKER, node.idString());
            Config defaults =
                    admin.describeConfigs(List.of(broker))
                            .all()
                            .get()
                            .getOrDefault(broker, new Config(List.of()));
            if ("-1".equals(value(defaults, "log.retention.ms"))) {
                needed.remove(TopicConfig.RETENTION_MS_CONFIG);
            }
            String bytesMax = value(defaults, "message.max.bytes");
            if (bytesMax != null && Long.parseLong(bytesMax) >= PlatformTopics.RECORD_BYTES_MAX) {
                needed.remove(TopicConfig.MAX_MESSAGE_BYTES_CONFIG);
            }
        } catch (ExecutionException e) {
            if (isTemporary(e.getCause())) {
                throw e;
            } else if (e.getCause() instanceof AuthorizationException) {
                LOG.info("broker defaults may not be read, run topics get configs of their own");
            } else {
                LOG.warn("broker defaults cannot be read, run topics get configs of their own", e);
            }
        }
        return Map.copyOf(needed);
    }

    private static @Nullable String value(Config config, String name) {
        ConfigEntry entry = config.get(name);
        return entry == null ? null : entry.value();
    }

    private static List<List<String>> batches(Collection<String> topics) {
        List<String> all = List.copyOf(topics);
        List<List<String>> batches = new ArrayList<>();
        for (int from = 0; from < all.size(); from += BATCH) {
            batches.add(all.subList(from, Math.min(all.size(), from + BATCH)));
        }
        return batches;
    }
}
