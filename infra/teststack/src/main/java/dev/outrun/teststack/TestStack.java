package dev.outrun.teststack;

import dev.outrun.schema.sql.PostgresAddress;
import dev.outrun.schema.topic.KafkaAddress;
import dev.outrun.schema.topic.Topics;
import java.sql.SQLException;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import javax.sql.DataSource;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.AlterConfigOp.OpType;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.TopicCollection;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.errors.UnknownTopicIdException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.jspecify.annotations.Nullable;

/**
 * What one test has to itself on the shared servers: a migrated database with {@link #SHARDS}
 * shards, a topic prefix and the name of a replication slot (not made yet). All of it goes when the
 * test ends. Immutable.
 *
 * @param postgres the database, as superuser
 * @param dataSource the same, without a pool: a new connection each time
 * @param bootstrapServers the broker; it makes no topic unasked
 * @param topics names that no other test has; the topics themselves are the test's to make
 * @param slot a name for the one slot, unused so far
 */
public record TestStack(
        PostgresAddress postgres,
        DataSource dataSource,
        String bootstrapServers,
        Topics topics,
        String slot) {

    /** Shards of each test's database: enough for order across shards to matter. */
    public static final int SHARDS = 2;

    /** The broker, as Outrun is told where it is. */
    public KafkaAddress kafka() {
        return KafkaAddress.of(bootstrapServers);
    }

    /**
     * The same with another database, which is migrated: for a test that does something to a whole
     * server.
     */
    public TestStack on(PostgresAddress other) throws SQLException {
        return on(other, bootstrapServers, topics, slot);
    }

    /**
     * Deletes topics behind everybody's back; those that are not there are gone already. Returns
     * when the broker has forgotten them, which is later than when it agrees to.
     */
    public void deleteTopics(String... names) throws ExecutionException, InterruptedException {
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", bootstrapServers))) {
            Map<String, Uuid> ids = ids(admin, List.of(names));
            for (KafkaFuture<Void> one :
                    admin.deleteTopics(TopicCollection.ofTopicIds(ids.values()))
                            .topicIdValues()
                            .values()) {
                getUnless(UnknownTopicIdException.class, one);
            }
            while (ids(admin, ids.keySet()).entrySet().stream()
                    .anyMatch(ids.entrySet()::contains)) {
                Thread.onSpinWait();
            }
        }
    }

    /**
     * Sets a topic's config. Returns when the broker acts upon it, which is later than when it
     * agrees to.
     */
    public void configureTopic(String topic, String name, String value)
            throws ExecutionException, InterruptedException {
        ConfigResource resource = new ConfigResource(ConfigResource.Type.TOPIC, topic);
        AlterConfigOp set = new AlterConfigOp(new ConfigEntry(name, value), OpType.SET);
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", bootstrapServers))) {
            admin.incrementalAlterConfigs(Map.of(resource, List.of(set))).all().get();
            boolean known = false;
            while (!known) {
                known =
                        admin.describeConfigs(List.of(resource)).all().get().values().stream()
                                .allMatch(configs -> value.equals(configs.get(name).value()));
            }
            // That is what it has begun to act upon; it has when it knows what came afterwards.
            String later = topic + ".after." + Uuid.randomUuid();
            admin.createTopics(List.of(new NewTopic(later, 1, (short) 1))).all().get();
            while (ids(admin, List.of(later)).isEmpty()) {
                Thread.onSpinWait();
            }
        }
    }

    private static Map<String, Uuid> ids(Admin admin, Collection<String> names)
            throws ExecutionException, InterruptedException {
        Map<String, Uuid> ids = new HashMap<>();
        for (KafkaFuture<TopicDescription> one :
                admin.describeTopics(names).topicNameValues().values()) {
            TopicDescription found = getUnless(UnknownTopicOrPartitionException.class, one);
            if (found != null) {
                ids.put(found.name(), found.topicId());
            }
        }
        return ids;
    }

    /** Null where it fails in this way. */
    private static <T> @Nullable T getUnless(Class<? extends Exception> gone, KafkaFuture<T> answer)
            throws ExecutionException, InterruptedException {
        try {
            return answer.get();
        } catch (ExecutionException e) {
            if (gone.isInstance(e.getCause())) {
                return null;
            }
            throw e;
        }
    }

    /**
     * What a test has that brings both servers itself: the database is migrated; taking it all back
     * is the test's part, too.
     */
    public static TestStack on(
            PostgresAddress own, String bootstrapServers, Topics topics, String slot)
            throws SQLException {
        DataSource database = Databases.source(own);
        Databases.migrate(database);
        return new TestStack(own, database, bootstrapServers, topics, slot);
    }
}
