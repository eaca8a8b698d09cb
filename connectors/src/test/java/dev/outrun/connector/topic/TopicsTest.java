package dev.outrun.connector.topic;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outrun.schema.run.RunId;
import dev.outrun.schema.run.Tenant;
import dev.outrun.teststack.TestStack;
import dev.outrun.teststack.TestStackExtension;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.InstantSource;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.kafka.clients.admin.Admin;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(TestStackExtension.class)
class TopicsTest {

    private final TestStack stack;
    private final KafkaAddress kafka;

    TopicsTest(TestStack stack) {
        this.stack = stack;
        this.kafka = new KafkaAddress(stack.bootstrapServers(), Map.of());
    }

    @Test
    void platformTopics_madeTwice_haveTheirPartitions() throws Exception {
        // When
        PlatformTopics.create(kafka, stack.topics(), 3);
        PlatformTopics.create(kafka, stack.topics(), 3);

        // Then
        try (Admin admin = AdminClients.create(kafka, "test")) {
            assertEquals(3, partitions(admin, stack.topics().events()));
            assertEquals(3, partitions(admin, stack.topics().runs()));
            assertEquals(1, partitions(admin, stack.topics().checkpoints()));
        }
    }

    @Test
    void platformTopics_withAnotherNumberOfShards_areRefused() {
        // Given
        PlatformTopics.create(kafka, stack.topics(), 2);

        // When
        IllegalStateException refused =
                assertThrows(
                        IllegalStateException.class,
                        () -> PlatformTopics.create(kafka, stack.topics(), 4));

        // Then
        assertTrue(String.valueOf(refused.getMessage()).contains("has 2 partitions, not 4"));
    }

    @Test
    void runTopics_ofWhichSomeExist_areMadeAndTheirEndsAreKnown() throws Exception {
        try (RunTopics topics = new RunTopics(kafka, "test")) {
            // Given
            String one = stack.topics().run(Tenant.DEFAULT, run());
            String two = stack.topics().run(Tenant.DEFAULT, run());
            topics.create(List.of(one));

            // When
            Map<String, Long> ends = topics.prepare(List.of(one, two), Set.of(one, two));

            // Then
            assertEquals(Map.of(one, 0L, two, 0L), ends);
            assertEquals(Set.of(one, two), topics.create(List.of(one, two)));
        }
    }

    @Test
    void mintedRuns_taken_areDistinctAndTheirTopicsStay() throws Exception {
        // Given
        MintedRuns minted =
                new MintedRuns(
                        kafka, stack.topics(), 8, InstantSource.system(), new SecureRandom());
        Tenant tenant = new Tenant("other");

        // When: more than the pool holds, of a tenant it has not heard of
        Set<RunId> taken = new HashSet<>();
        for (int i = 0; i < 20; i++) {
            taken.add(minted.take(tenant));
        }
        awaitRunTopics(16); // both pools, filled in the background
        RunId ready = minted.take(tenant);
        minted.close();
        minted.close();

        // Then: of all topics made ahead, those of ids that were taken are left
        assertEquals(20, taken.size());
        assertFalse(taken.contains(ready));
        assertEquals(Set.of(stack.topics().run(tenant, ready)), awaitRunTopics(1));
    }

    /** The run topics, once the broker's list of them has so many. */
    private Set<String> awaitRunTopics(int count) throws Exception {
        long deadline = System.nanoTime() + Duration.ofSeconds(30).toNanos();
        Set<String> topics = runTopics();
        while (topics.size() != count && System.nanoTime() < deadline) {
            topics = runTopics();
        }
        assertEquals(count, topics.size());
        return topics;
    }

    private Set<String> runTopics() throws Exception {
        try (Admin admin = AdminClients.create(kafka, "test")) {
            Set<String> names = new HashSet<>(admin.listTopics().names().get());
            names.removeIf(name -> !name.startsWith(stack.topics().prefix() + ".run."));
            return names;
        }
    }

    private static RunId run() {
        return RunId.mint(InstantSource.system(), new SecureRandom());
    }

    private static int partitions(Admin admin, String topic) throws Exception {
        return admin.describeTopics(List.of(topic))
                .allTopicNames()
                .get()
                .values()
                .iterator()
                .next()
                .partitions()
                .size();
    }
}
