package dev.outrun.connector.topic;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outrun.schema.error.ErrorCode;
import dev.outrun.schema.error.OutrunException;
import dev.outrun.schema.run.RunId;
import dev.outrun.schema.run.Tenant;
import dev.outrun.schema.topic.KafkaAddress;
import dev.outrun.teststack.TestStack;
import dev.outrun.teststack.TestStackExtension;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.kafka.clients.admin.Admin;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(TestStackExtension.class)
class TopicsTest {

    private static final Tenant OTHER = new Tenant("other");

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
    void endsOfTopics_deletedMeanwhile_areNotWrong() throws Exception {
        try (RunTopics topics = new RunTopics(kafka, "test")) {
            // Given
            String gone = stack.topics().run(Tenant.DEFAULT, run());

            // When
            Set<String> wrong = topics.wrong(Map.of(gone, 5L));

            // Then
            assertEquals(Set.of(), wrong);
        }
    }

    @Test
    void topics_ofWhichSomeAreGone_areDeleted() throws Exception {
        try (RunTopics topics = new RunTopics(kafka, "test")) {
            // Given
            String one = stack.topics().run(Tenant.DEFAULT, run());
            String gone = stack.topics().run(Tenant.DEFAULT, run());
            topics.create(List.of(one));
            awaitRunTopics(1);

            // When
            int deleted = topics.delete(List.of(gone, one), Duration.ofSeconds(30));

            // Then
            assertEquals(1, deleted);
            assertEquals(Set.of(), awaitRunTopics(0));
        }
    }

    @Test
    void mintedRuns_atTheLimit_makeNoMoreAndRefuseUntilTopicsHaveGone() throws Exception {
        // Given
        RunTopicCount count = count(3);
        try (MintedRuns minted = mintedRuns(count, InstantSource.system())) {
            awaitReady(minted, 3);

            // When
            List<RunId> taken = new ArrayList<>();
            for (int i = 0; i < 3; i++) {
                taken.add(minted.take(Tenant.DEFAULT));
            }
            OutrunException refusal =
                    assertThrows(OutrunException.class, () -> minted.take(Tenant.DEFAULT));
            assertThrows(OutrunException.class, () -> minted.take(OTHER));

            // Then
            assertEquals(ErrorCode.TOO_MANY_RUNS, refusal.code());
            assertTrue(count.isFull());
            assertEquals(3, count.count());

            // When
            count.remove(List.of(stack.topics().run(Tenant.DEFAULT, taken.getFirst())));
            taken.add(awaitTaken(minted));

            // Then
            assertEquals(4, Set.copyOf(taken).size());
            assertEquals(3, count.count());
        }
    }

    /** An id, once there is one: one of the pools may be making its topic at this moment. */
    private static RunId awaitTaken(MintedRuns minted) {
        long deadline = System.nanoTime() + Duration.ofSeconds(30).toNanos();
        Tenant tenant = Tenant.DEFAULT;
        while (true) {
            try {
                return minted.take(tenant);
            } catch (OutrunException e) {
                assertTrue(System.nanoTime() < deadline, e.getMessage());
                tenant = tenant.equals(OTHER) ? Tenant.DEFAULT : OTHER;
            }
        }
    }

    @Test
    void mintedRuns_thatAreTooOld_areNotGivenOutAndTheirTopicsGo() throws Exception {
        // Given
        AtomicReference<Instant> now = new AtomicReference<>(Instant.now());
        RunTopicCount count = count(100);
        try (MintedRuns minted = mintedRuns(count, now::get)) {
            awaitReady(minted, 8);
            Set<String> old = awaitRunTopics(8);

            // When
            now.updateAndGet(time -> time.plus(MintedRuns.UNUSED_MAX).plusMillis(1));
            RunId taken = minted.take(Tenant.DEFAULT);

            // Then
            assertEquals(now.get().truncatedTo(ChronoUnit.MILLIS), taken.mintedAt());
            awaitGone(old);
            awaitReady(minted, 8);
            assertEquals(9, count.count()); // and the one that the connector makes
        }
    }

    @Test
    void count_isWhatWasListedAndWhatWasMadeAroundIt() {
        // Given
        RunTopicCount count = count(5);
        count.add("made before");
        count.add("made before, listed late");

        // When
        count.beginListing();
        count.add("made during, seen");
        count.add("made during, listed late");
        count.list(Set.of("made before", "another's", "made during, seen"));

        // Then
        assertEquals(5, count.count());
        assertTrue(count.isFull());
        assertFalse(count.add("too many"));

        // When
        count.remove(List.of("made during, listed late", "another's"));

        // Then
        assertEquals(3, count.count());
        assertFalse(count.isFull());
    }

    @Test
    void count_ofWhatIsNeverListed_endsWithTheSecondListing() {
        // Given
        RunTopicCount count = count(5);
        count.add("never used");

        // When
        count.beginListing();
        count.list(Set.of());
        int first = count.count();
        count.beginListing();
        count.list(Set.of());
        int second = count.count();

        // Then
        assertEquals(1, first);
        assertEquals(0, second);
    }

    @Test
    void mintedRuns_taken_areDistinctAndTheirTopicsStay() throws Exception {
        // Given
        MintedRuns minted = mintedRuns(count(1_000), InstantSource.system());
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

    private MintedRuns mintedRuns(RunTopicCount count, InstantSource clock) {
        MintedRuns minted =
                new MintedRuns(kafka, stack.topics(), 8, count, clock, new SecureRandom());
        minted.fill();
        return minted;
    }

    private static RunTopicCount count(int max) {
        return new RunTopicCount(new RunTopicLimits(RunTopicLimits.DEFAULT.retention(), max));
    }

    private void awaitGone(Set<String> topics) throws Exception {
        long deadline = System.nanoTime() + Duration.ofSeconds(30).toNanos();
        while (!Collections.disjoint(runTopics(), topics) && System.nanoTime() < deadline) {
            Thread.onSpinWait();
        }
        assertTrue(Collections.disjoint(runTopics(), topics));
    }

    /** Returns once the default tenant's pool has so many. */
    private static void awaitReady(MintedRuns minted, int count) {
        long deadline = System.nanoTime() + Duration.ofSeconds(30).toNanos();
        while (minted.ready(Tenant.DEFAULT) != count && System.nanoTime() < deadline) {
            Thread.onSpinWait();
        }
        assertEquals(count, minted.ready(Tenant.DEFAULT));
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
