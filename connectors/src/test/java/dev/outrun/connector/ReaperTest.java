package dev.outrun.connector;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import dev.outrun.connector.audit.AuditReport;
import dev.outrun.connector.audit.AuditScope;
import dev.outrun.connector.audit.Auditor;
import dev.outrun.connector.source.ControlConnection;
import dev.outrun.connector.source.ReapableRuns;
import dev.outrun.connector.topic.Reaper;
import dev.outrun.connector.topic.RunTopicCount;
import dev.outrun.connector.topic.RunTopicLimits;
import dev.outrun.connector.topic.RunTopics;
import dev.outrun.schema.run.RunId;
import dev.outrun.schema.run.Tenant;
import dev.outrun.schema.topic.KafkaAddress;
import dev.outrun.schema.topic.Topics.RunTopic;
import dev.outrun.teststack.TestStack;
import dev.outrun.teststack.TestStackExtension;
import java.security.SecureRandom;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.regex.Pattern;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(TestStackExtension.class)
final class ReaperTest {

    private static final Duration LIMIT = Duration.ofSeconds(60);
    private static final RunTopicLimits LIMITS = new RunTopicLimits(Duration.ofHours(1), 1_000);
    private static final Tenant OTHER = new Tenant("other");

    private final TestStack stack;
    private final Appends ledger;
    private final KafkaAddress kafka;
    private final RunTopicCount count = new RunTopicCount(LIMITS);

    ReaperTest(TestStack stack) throws SQLException {
        this.stack = stack;
        this.ledger = new Appends(stack.dataSource());
        this.kafka = new KafkaAddress(stack.bootstrapServers(), Map.of());
    }

    @BeforeEach
    void makeTopics() {
        Connectors.makeTopics(stack);
    }

    @Test
    void sweep_deletesTopicsOfRunsFinishedLongAgoAndOrphans_andNoOthers() throws Exception {
        try (OutboxConnector connector = Connectors.start(stack);
                Reaper reaper = reaper()) {
            // Given: to be deleted
            RunId finished = finished(Tenant.DEFAULT);
            RunId others = finished(OTHER);
            RunId ofAnotherKind = start("gen_random_uuid()");
            finish(ofAnotherKind);
            age(finished, others, ofAnotherKind);
            RunId orphan = mint(Duration.ofHours(2));
            // To be kept, as runs that are open, young, halted or not wholly published
            RunId open = ledger.start();
            RunId young = finished(Tenant.DEFAULT);
            RunId halted = finished(Tenant.DEFAULT);
            RunId unpublished = ledger.start();
            connector.drainOnce(LIMIT);
            connector.pause();
            finish(unpublished);
            age(halted, unpublished);
            halt(halted);
            // To be kept, as orphans that are young or none
            RunId youngOrphan = mint(Duration.ofMinutes(59));
            RunId nobodys = mint(Duration.ofHours(2));
            RunId written = mint(Duration.ofHours(2));
            Set<String> kept = new HashSet<>();
            for (RunId run : List.of(open, young, halted, unpublished)) {
                kept.add(topic(run));
            }
            for (RunId id : List.of(youngOrphan, nobodys, written)) {
                kept.add(topic(id));
            }
            Set<String> foreign = foreign(mint(Duration.ofHours(2)), finished);
            make(kept);
            make(foreign);
            make(Set.of(topic(orphan)));
            send(topic(nobodys));
            writeByHand(written);
            Set<String> left = new HashSet<>(kept);
            left.addAll(foreign);
            Set<String> all = new HashSet<>(left);
            all.add(stack.topics().run(OTHER, others));
            for (RunId run : List.of(finished, ofAnotherKind, orphan)) {
                all.add(topic(run));
            }
            awaitTopics(all);

            // When
            Reaper.Swept swept = reaper.sweep();

            // Then
            assertEquals(new Reaper.Swept(kept.size() + 5, 3, 1), swept);
            assertEquals(kept.size() + 1, count.count());
            awaitTopics(left);
            assertEquals("3", ledger.text("select count(topic_deleted_at)::text from outrun.run"));
            assertEquals(new Reaper.Swept(kept.size() + 1, 0, 0), reaper.sweep());

            // When
            connector.resume();
            connector.drainOnce(LIMIT);

            // Then
            assertEquals(new Reaper.Swept(kept.size() + 1, 1, 0), reaper.sweep());
            left.remove(topic(unpublished));
            awaitTopics(left);
        }
    }

    @Test
    void sweep_afterOneThatDiedBetweenMarkAndDeletion_finishesItsWork() throws Exception {
        try (OutboxConnector connector = Connectors.start(stack);
                Reaper reaper = reaper();
                ControlConnection control = new ControlConnection(stack.postgres())) {
            // Given
            RunId run = finished(Tenant.DEFAULT);
            connector.drainOnce(LIMIT);
            age(run);
            List<RunTopic> topic = List.of(new RunTopic(Tenant.DEFAULT, run));
            assertEquals(topic, new ReapableRuns(control).reap(topic, Instant.now()));
            String marked = markOf(run);
            awaitTopics(Set.of(topic(run)));

            // When
            Reaper.Swept swept = reaper.sweep();

            // Then
            assertEquals(1, swept.finished());
            assertEquals(marked, markOf(run));
            awaitTopics(Set.of());
        }
    }

    @Test
    void run_whoseShardNoWatermarkCovers_keepsItsTopic() throws Exception {
        try (Reaper reaper = reaper()) {
            // Given: of two slots one has said that it has published all there is
            Set<String> covered = new HashSet<>();
            Set<String> others = new HashSet<>();
            for (int i = 0; i < 10; i++) { // the queues are spread over the shards
                RunId run = finished(Tenant.DEFAULT);
                age(run);
                String shard = "select shard::text from outrun.run where id = '%s'".formatted(run);
                (ledger.text(shard).equals("0") ? covered : others).add(topic(run));
            }
            make(covered);
            make(others);
            Set<String> all = new HashSet<>(covered);
            all.addAll(others);
            awaitTopics(all);
            ledger.execute(
                    """
                    insert into outrun.watermark
                        (slot, connector, split, splits, snapshot, firehose, at)
                    values ('s', 's', 0, 2, pg_current_snapshot(), '{}', now())
                    """);

            // When
            reaper.sweep();

            // Then
            assertFalse(covered.isEmpty() || others.isEmpty());
            awaitTopics(others);
        }
    }

    @Test
    void topic_thatWasMadeAgain_isSweptAgain() throws Exception {
        try (OutboxConnector connector = Connectors.start(stack);
                Reaper reaper = reaper()) {
            // Given
            RunId run = finished(Tenant.DEFAULT);
            connector.drainOnce(LIMIT);
            age(run);
            awaitTopics(Set.of(topic(run)));
            reaper.sweep();
            awaitTopics(Set.of());
            make(Set.of(topic(run)));
            awaitTopics(Set.of(topic(run)));

            // When
            Reaper.Swept swept = reaper.sweep();

            // Then
            assertEquals(1, swept.finished());
            awaitTopics(Set.of());
        }
    }

    @Test
    void reapers_atTheSameTime_doNotGetInEachOthersWay() throws Exception {
        try (OutboxConnector connector = Connectors.start(stack);
                Reaper one = reaper();
                Reaper other = reaper();
                ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            // Given
            Set<String> topics = new HashSet<>();
            for (int i = 0; i < 20; i++) {
                RunId run = finished(Tenant.DEFAULT);
                age(run);
                topics.add(topic(run));
                topics.add(topic(mint(Duration.ofHours(2))));
            }
            make(topics);
            connector.drainOnce(LIMIT);
            awaitTopics(topics);

            // When
            Future<Reaper.Swept> first = threads.submit(one::sweep);
            Future<Reaper.Swept> second = threads.submit(other::sweep);

            // Then
            assertEquals(20, first.get().finished() + second.get().finished());
            awaitTopics(Set.of());
        }
    }

    @Test
    void sweep_whileSomebodyKeepsReapersOut_deletesNoRunsTopic() throws Exception {
        try (OutboxConnector connector = Connectors.start(stack);
                Reaper reaper = reaper();
                Connection audit = stack.dataSource().getConnection();
                Statement statement = audit.createStatement()) {
            // Given
            RunId run = finished(Tenant.DEFAULT);
            connector.drainOnce(LIMIT);
            age(run);
            awaitTopics(Set.of(topic(run)));
            ReapableRuns.keepReapersOut(audit);

            // When
            Reaper.Swept during = reaper.sweep();
            statement.execute("select pg_advisory_unlock_all()");
            Reaper.Swept after = reaper.sweep();

            // Then
            assertEquals(new Reaper.Swept(1, 0, 0), during);
            assertEquals(new Reaper.Swept(1, 1, 0), after);
        }
    }

    @Test
    void reapedTopic_isNotMadeAgain_byTheConnectorNorItsRestart() throws Exception {
        try (Reaper reaper = reaper()) {
            // Given
            RunId open = ledger.start();
            try (OutboxConnector connector = Connectors.start(stack)) {
                RunId run = finished(Tenant.DEFAULT);
                connector.drainOnce(LIMIT);
                age(run);
                awaitTopics(Set.of(topic(open), topic(run)));

                // When
                reaper.sweep();
                ledger.append(open, "1");
                connector.drainOnce(LIMIT);
            }
            try (OutboxConnector connector = Connectors.start(stack)) {
                ledger.append(open, "2");
                connector.drainOnce(LIMIT);

                // Then
                awaitTopics(Set.of(topic(open)));
                assertEquals(List.of(), audit().differences());
            }
        }
    }

    @Test
    void reapedTopic_isNotMadeAgain_byARefillOfTheWholeTable() throws Exception {
        // Given
        RunId open = ledger.start();
        RunId run = finished(Tenant.DEFAULT);
        try (OutboxConnector connector = Connectors.start(stack);
                Reaper reaper = reaper()) {
            connector.drainOnce(LIMIT);
            age(run);
            awaitTopics(Set.of(topic(open), topic(run)));
            reaper.sweep();
        }
        ledger.execute(RefillTest.DROP.formatted(stack.slot()));
        ledger.execute("delete from outrun.watermark");

        // When
        try (OutboxConnector connector = Connectors.start(stack)) {
            ledger.append(open, "1");
            connector.drainOnce(LIMIT);

            // Then
            awaitTopics(Set.of(topic(open)));
            assertEquals(List.of(), audit().differences());
        }
    }

    private Reaper reaper() {
        return new Reaper(
                stack.postgres(), kafka, stack.topics(), LIMITS, count, InstantSource.system());
    }

    private RunId start(String id) throws SQLException {
        return RunId.parse(
                ledger.text("select outrun.start_run('test', id => %s)::text".formatted(id)));
    }

    private RunId finished(Tenant tenant) throws SQLException {
        try (Connection connection = stack.dataSource().getConnection()) {
            RunId run = ledger.start(connection, tenant);
            finish(run);
            return run;
        }
    }

    private void finish(RunId run) throws SQLException {
        ledger.execute("select outrun.cancel('%s')".formatted(run));
    }

    /** Lets them have finished longer ago than the retention. */
    private void age(RunId... runs) throws SQLException {
        for (RunId run : runs) {
            ledger.execute(
                    """
                    update outrun.run set finished_at = finished_at - interval '61 minutes'
                    where id = '%s'
                    """
                            .formatted(run));
        }
    }

    private void halt(RunId run) throws SQLException {
        ledger.execute(
                """
                insert into outrun.halted_run (run_id, shard, next_seq, bad_seq, reason)
                values ('%s', 0, 1, 1, 'too long')
                """
                        .formatted(run));
    }

    /** An append of a run that is not in the ledger. */
    private void writeByHand(RunId run) throws SQLException {
        ledger.execute(
                """
                insert into outrun.run_outbox (run_id, first_seq, tenant, shard, attempt, events,
                                               appended_at, appended_us)
                values ('%s', 0, 'default', 0, 0, '[{"type":"a","data":1}]', now(), 1)
                """
                        .formatted(run));
    }

    private String markOf(RunId run) throws SQLException {
        return ledger.text(
                "select topic_deleted_at::text from outrun.run where id = '%s'".formatted(run));
    }

    private AuditReport audit() throws InterruptedException {
        return Auditor.audit(
                stack.postgres(), kafka, stack.topics(), stack.slot(), LIMIT, AuditScope.ALL);
    }

    private static RunId mint(Duration ago) {
        return RunId.mint(InstantSource.fixed(Instant.now().minus(ago)), new SecureRandom());
    }

    private String topic(RunId run) {
        return stack.topics().run(Tenant.DEFAULT, run);
    }

    /**
     * Names that begin as those of run topics do; the last one is a run's, but not its tenant's.
     */
    private Set<String> foreign(RunId old, RunId finished) {
        String run = stack.topics().prefix() + ".run.";
        return Set.of(
                run + "default.notes",
                run + "default." + old + ".log",
                run + "Default." + old,
                stack.topics().prefix() + ".running.default." + old,
                stack.topics().prefix() + "-x.run.default." + old,
                stack.topics().run(OTHER, finished));
    }

    private void make(Set<String> topics) throws InterruptedException, ExecutionException {
        try (RunTopics made = new RunTopics(kafka, "test")) {
            made.create(topics);
        }
    }

    private void send(String topic) throws InterruptedException, ExecutionException {
        try (KafkaProducer<byte[], byte[]> producer =
                new KafkaProducer<>(
                        Map.of("bootstrap.servers", stack.bootstrapServers()),
                        new ByteArraySerializer(),
                        new ByteArraySerializer())) {
            producer.send(new ProducerRecord<>(topic, new byte[0])).get();
        }
    }

    /** Returns once the broker's list has these and no other topics that begin with ".run". */
    private void awaitTopics(Set<String> wanted) throws InterruptedException, ExecutionException {
        long deadline = System.nanoTime() + LIMIT.toNanos();
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", stack.bootstrapServers()))) {
            Set<String> found = runTopics(admin);
            while (!found.equals(wanted) && System.nanoTime() < deadline) {
                found = runTopics(admin);
            }
            assertEquals(wanted, found);
        }
    }

    private Set<String> runTopics(Admin admin) throws InterruptedException, ExecutionException {
        Set<String> found = new HashSet<>(admin.listTopics().names().get());
        String own = Pattern.quote(stack.topics().prefix());
        found.removeIf(name -> !name.matches(own + "(-x)?[.]run(ning)?[.].*"));
        return found;
    }
}
