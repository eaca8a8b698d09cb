package dev.outrun.ledger;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outrun.ledger.memory.InMemoryLedger;
import dev.outrun.schema.error.ErrorCode;
import dev.outrun.schema.error.OutrunException;
import dev.outrun.schema.event.Event;
import dev.outrun.schema.json.WireJson;
import dev.outrun.schema.run.RunId;
import dev.outrun.schema.run.RunStatus;
import dev.outrun.schema.work.Decision;
import dev.outrun.teststack.TestStack;
import dev.outrun.teststack.TestStackExtension;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(TestStackExtension.class)
final class DecisionRecorderTest {

    private static final Instant AT = Instant.parse("2030-01-01T00:00:00Z");

    private final TestStack stack;
    private final Producer<byte[], byte[]> producer;
    private final InMemoryLedger memory = new InMemoryLedger(InstantSource.system());
    private final BlockingQueue<Decision> recorded = new LinkedBlockingQueue<>();

    DecisionRecorderTest(TestStack stack) {
        this.stack = stack;
        this.producer =
                new KafkaProducer<>(
                        Map.of(ProducerConfig.BOOTSTRAP_SERVERS_CONFIG, stack.bootstrapServers()),
                        new ByteArraySerializer(),
                        new ByteArraySerializer());
    }

    @BeforeEach
    void makeTopic() throws Exception {
        try (Admin admin =
                Admin.create(
                        Map.of(
                                AdminClientConfig.BOOTSTRAP_SERVERS_CONFIG,
                                stack.bootstrapServers()))) {
            admin.createTopics(List.of(new NewTopic(stack.topics().decisions(), 2, (short) 1)))
                    .all()
                    .get();
        }
    }

    @AfterEach
    void closeProducer() {
        producer.close(Duration.ZERO);
    }

    @Test
    void decisions_become_events_in_their_order() throws Exception {
        // Given
        try (PostgresLedger postgres =
                PostgresLedger.open(new LedgerConfig(stack.postgres(), 2, "recorder"))) {
            RunId run = running(postgres);
            try (DecisionRecorder recorder = start(watched(postgres))) {

                // When
                send(new Decision.AttemptLost(run.toString(), 1, "silent"));
                send(new Decision.Retry(run.toString(), 1, AT));
                send(new Decision.Retry(run.toString(), 1, AT));
                send(new Decision.Fail(run.toString(), 1));
                nextRecorded(4);

                // Then
                assertEquals(
                        List.of(
                                "run.requested",
                                "run.attempt.started",
                                "run.attempt.failed",
                                "run.retry.scheduled",
                                "run.failed"),
                        postgres.events(run, 0, 10).stream().map(Event::type).toList());
                assertEquals(Optional.empty(), recorder.problem());
            }
        }
    }

    @Test
    void poison_is_passed_over() throws Exception {
        // Given
        RunId run = running(memory);
        send("not JSON");
        send("{\"decision\":\"unheard_of\",\"run\":\"" + run + "\",\"attempt\":1}");
        send("{\"decision\":\"fail\",\"run\":\"nonsense\",\"attempt\":1}");
        producer.send(new ProducerRecord<>(stack.topics().decisions(), 0, null, null)).get();

        // When
        try (DecisionRecorder recorder = start(watched(memory))) {
            send(new Decision.AttemptLost(run.toString(), 1, "silent"));
            nextRecorded(1);

            // Then
            assertEquals(RunStatus.RETRYING, memory.run(run).orElseThrow().status());
            assertEquals(Optional.empty(), recorder.problem());
        }
    }

    @Test
    void decision_waits_for_a_ledger_that_does_not_answer() throws Exception {
        // Given
        RunId run = running(memory);
        AtomicInteger refusals = new AtomicInteger();
        Ledger away =
                HookedLedger.of(
                        watched(memory),
                        (method, arguments, call) -> {
                            if (refusals.getAndIncrement() < 3) {
                                throw new OutrunException(ErrorCode.UNAVAILABLE, "away");
                            }
                            return call.run();
                        });
        List<Decision> sent =
                List.of(
                        new Decision.AttemptLost(run.toString(), 1, "silent"),
                        new Decision.Retry(run.toString(), 1, AT));

        // When
        try (DecisionRecorder recorder = start(away)) {
            send(sent.get(0));
            send(sent.get(1));

            // Then
            assertEquals(sent, nextRecorded(2));
            assertEquals(Optional.empty(), recorder.problem());
        }
        assertEquals(5, refusals.get());
        assertEquals(4, memory.run(run).orElseThrow().nextSeq());
    }

    @Test
    void recorder_started_again_goes_on_where_it_was() throws Exception {
        // Given
        RunId run = running(memory);
        Decision lost = new Decision.AttemptLost(run.toString(), 1, "silent");
        Decision retry = new Decision.Retry(run.toString(), 1, AT);
        try (DecisionRecorder first = start(watched(memory))) {
            send(lost);
            assertEquals(List.of(lost), nextRecorded(1));
            assertEquals(Optional.empty(), first.problem());
        }

        // When
        try (DecisionRecorder second = start(watched(memory))) {
            send(retry);

            // Then
            assertEquals(List.of(retry), nextRecorded(1));
            assertEquals(Optional.empty(), second.problem());
        }
    }

    @Test
    void close_while_the_ledger_is_away_returns_and_leaves_the_decision_for_later()
            throws Exception {
        // Given
        RunId run = running(memory);
        CountDownLatch refused = new CountDownLatch(3);
        Ledger away =
                HookedLedger.of(
                        memory,
                        (method, arguments, call) -> {
                            refused.countDown();
                            throw new OutrunException(ErrorCode.UNAVAILABLE, "away");
                        });
        Decision lost = new Decision.AttemptLost(run.toString(), 1, "silent");
        DecisionRecorder recorder = start(away);
        send(lost);
        assertTrue(refused.await(30, TimeUnit.SECONDS));
        Optional<String> problem = recorder.problem();

        // When
        recorder.close();

        // Then
        assertEquals(Optional.of("Postgres does not answer"), problem);
        assertEquals(Optional.of("closed"), recorder.problem());
        try (DecisionRecorder second = start(watched(memory))) {
            assertEquals(List.of(lost), nextRecorded(1));
            assertEquals(Optional.empty(), second.problem());
        }
    }

    private DecisionRecorder start(Ledger ledger) {
        return DecisionRecorder.start(stack.kafka(), stack.topics(), "recorder-1", ledger);
    }

    private Ledger watched(Ledger ledger) {
        return HookedLedger.of(
                ledger,
                (method, arguments, call) -> {
                    Object answer = call.run();
                    if (arguments[0] instanceof Decision decision) {
                        recorded.add(decision);
                    }
                    return answer;
                });
    }

    private List<Decision> nextRecorded(int count) throws InterruptedException {
        Decision[] next = new Decision[count];
        for (int n = 0; n < count; n++) {
            next[n] = recorded.poll(30, TimeUnit.SECONDS);
        }
        return List.of(next);
    }

    private static RunId running(Ledger ledger) {
        ledger.registerHandlers(List.of("echo"));
        RunId run = ledger.start(StartRun.of("echo", "{}"));
        assertTrue(ledger.claim(run, 1, "w@1").isPresent());
        return run;
    }

    private void send(Decision decision) throws Exception {
        send(new String(WireJson.write(decision), StandardCharsets.UTF_8));
    }

    private void send(String value) throws Exception {
        byte[] bytes = value.getBytes(StandardCharsets.UTF_8);
        producer.send(new ProducerRecord<>(stack.topics().decisions(), 0, null, bytes)).get();
    }
}
