package dev.outrun.worker;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outrun.ledger.LedgerConfig;
import dev.outrun.ledger.PostgresLedger;
import dev.outrun.ledger.StartRun;
import dev.outrun.schema.json.WireJson;
import dev.outrun.schema.run.RunId;
import dev.outrun.schema.run.RunStatus;
import dev.outrun.schema.work.Heartbeat;
import dev.outrun.schema.work.Interrupt;
import dev.outrun.schema.work.Task;
import dev.outrun.teststack.TestStack;
import dev.outrun.teststack.TestStackExtension;
import dev.outrun.worker.TaskDesk.Answer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** The worker's parts that speak to Kafka, on a real broker. */
@ExtendWith(TestStackExtension.class)
final class ShareGroupTasksTest {

    private static final int PARTITIONS = 2;

    private final TestStack stack;
    private final Producer<byte[], byte[]> producer;
    private final BlockingQueue<Task> offered = new LinkedBlockingQueue<>();
    private final List<AutoCloseable> open = Collections.synchronizedList(new ArrayList<>());

    ShareGroupTasksTest(TestStack stack) {
        this.stack = stack;
        this.producer =
                new KafkaProducer<>(
                        Map.of("bootstrap.servers", stack.bootstrapServers()),
                        new ByteArraySerializer(),
                        new ByteArraySerializer());
    }

    @BeforeEach
    void makeTopics() throws Exception {
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", stack.bootstrapServers()))) {
            admin.createTopics(
                            List.of(
                                    topic(stack.topics().tasks(), 1),
                                    topic(stack.topics().interrupts(), PARTITIONS),
                                    topic(stack.topics().heartbeats(), PARTITIONS)))
                    .all()
                    .get();
        }
    }

    private static NewTopic topic(String name, int partitions) {
        return new NewTopic(name, partitions, (short) 1);
    }

    @AfterEach
    void close() throws Exception {
        for (AutoCloseable each : open) {
            each.close();
        }
        producer.close(Duration.ZERO);
    }

    @Test
    void task_is_offered_to_one_worker_once() throws Exception {
        // Given
        for (int n = 0; n < 100; n++) {
            send(task(n, "a"));
        }

        // When
        source("w1", task -> Answer.TAKEN);
        source("w2", task -> Answer.TAKEN);
        List<Integer> numbers = new ArrayList<>();
        for (int n = 0; n < 100; n++) {
            numbers.add(nextOffered().attempt());
        }
        send(task(100, "a"));
        numbers.add(nextOffered().attempt());

        // Then
        Collections.sort(numbers);
        assertEquals(IntStream.rangeClosed(0, 100).boxed().toList(), numbers);
    }

    @Test
    void worker_without_a_place_keeps_nothing_from_the_others() throws Exception {
        // Given
        BlockingQueue<Task> elsewhere = new LinkedBlockingQueue<>();
        source("full", new Desk(Set.of("a"), 1, task -> Answer.TAKEN));
        send(task(0, "a"));
        assertEquals(task(0, "a"), nextOffered());

        // When
        source("free", new Desk(Set.of("a"), 100, task -> taken(task, elsewhere)));
        Set<Task> sent = new HashSet<>();
        Set<Task> taken = new HashSet<>();
        for (int n = 1; n <= 10; n++) {
            sent.add(task(n, "a"));
            send(task(n, "a"));
        }
        for (int n = 1; n <= 10; n++) {
            taken.add(elsewhere.poll(30, TimeUnit.SECONDS));
        }

        // Then
        assertEquals(sent, taken);
    }

    @Test
    void task_goes_on_to_a_worker_with_its_handler_which_comes_later() throws Exception {
        // Given
        BlockingQueue<Task> here = new LinkedBlockingQueue<>();
        BlockingQueue<Task> elsewhere = new LinkedBlockingQueue<>();
        source("w1", new Desk(Set.of("a"), 100, task -> onlyOf("a", task, here)));
        send(task(1, "b"));
        assertEquals(task(1, "b"), nextOffered());

        // When
        source("w2", new Desk(Set.of("b"), 100, task -> onlyOf("b", task, elsewhere)));
        send(task(2, "a"));

        // Then
        assertEquals(task(1, "b"), elsewhere.poll(30, TimeUnit.SECONDS));
        assertEquals(task(2, "a"), here.poll(30, TimeUnit.SECONDS));
    }

    @Test
    void workers_with_different_handlers_get_their_own_tasks_each() throws Exception {
        // Given
        BlockingQueue<Task> a = new LinkedBlockingQueue<>();
        BlockingQueue<Task> b = new LinkedBlockingQueue<>();
        source("w1", new Desk(Set.of("a"), 100, task -> onlyOf("a", task, a)));
        source("w2", new Desk(Set.of("b"), 100, task -> onlyOf("b", task, b)));

        // When
        Set<Task> sent = new HashSet<>();
        Set<Task> taken = new HashSet<>();
        for (int n = 0; n < 40; n++) {
            Task task = task(n, n % 2 == 0 ? "a" : "b");
            sent.add(task);
            send(task);
        }
        for (int n = 0; n < 20; n++) {
            taken.add(a.poll(30, TimeUnit.SECONDS));
            taken.add(b.poll(30, TimeUnit.SECONDS));
        }

        // Then
        assertEquals(sent, taken);
    }

    @Test
    void task_without_a_place_goes_to_another_worker() throws Exception {
        // Given
        BlockingQueue<Task> elsewhere = new LinkedBlockingQueue<>();
        source("w1", task -> Answer.NOT_HERE);
        send(task(1, "a"));
        assertEquals(task(1, "a"), nextOffered());

        // When
        open.removeFirst().close();
        source(
                "w2",
                task -> {
                    elsewhere.add(task);
                    return Answer.TAKEN;
                });

        // Then
        assertEquals(task(1, "a"), elsewhere.poll(30, TimeUnit.SECONDS));
    }

    @Test
    void task_comes_again_when_the_ledger_did_not_answer() throws Exception {
        // Given
        List<Answer> answers =
                Collections.synchronizedList(
                        new ArrayList<>(List.of(Answer.UNAVAILABLE, Answer.TAKEN)));
        source("w1", task -> answers.removeFirst());

        // When
        send(task(1, "a"));

        // Then
        assertEquals(task(1, "a"), nextOffered());
        assertEquals(task(1, "a"), nextOffered());
        send(task(2, "a"));
        answers.add(Answer.TAKEN);
        assertEquals(task(2, "a"), nextOffered());
    }

    @Test
    void poison_is_passed_over() throws Exception {
        // Given
        producer.send(new ProducerRecord<>(stack.topics().tasks(), 0, null, new byte[] {'{'}))
                .get();
        producer.send(new ProducerRecord<>(stack.topics().tasks(), 0, null, null)).get();

        // When
        source("w1", task -> Answer.TAKEN);
        send(task(1, "a"));

        // Then
        assertEquals(task(1, "a"), nextOffered());
    }

    @Test
    void signals_say_that_the_worker_lives_and_then_that_it_leaves() throws Exception {
        // Given
        WorkerConfig worker = WorkerConfig.of("w1", 7);
        KafkaSignals signals = new KafkaSignals(stack.kafka(), stack.topics(), worker);

        // When
        signals.start(interrupt -> {});
        Optional<String> problem = signals.problem();
        signals.close();

        // Then
        assertEquals(Optional.empty(), problem);
        for (int partition = 0; partition < PARTITIONS; partition++) {
            List<Heartbeat> beats = heartbeats(partition);
            assertEquals(new Heartbeat("w1", 7, false), beats.getFirst());
            assertEquals(new Heartbeat("w1", 7, true), beats.getLast());
        }
    }

    @Test
    void interrupts_sent_after_the_start_are_heard() throws Exception {
        // Given
        BlockingQueue<Interrupt> heard = new LinkedBlockingQueue<>();
        sendInterrupt(0, new Interrupt(new UUID(1, 1).toString(), 1));
        KafkaSignals signals =
                new KafkaSignals(stack.kafka(), stack.topics(), WorkerConfig.of("w1", 1));
        open.add(signals);
        signals.start(heard::add);

        // When
        producer.send(new ProducerRecord<>(stack.topics().interrupts(), 1, null, new byte[1]))
                .get();
        Interrupt second = new Interrupt(new UUID(2, 2).toString(), 2);
        sendInterrupt(1, second);

        // Then
        assertEquals(second, heard.poll(30, TimeUnit.SECONDS));
    }

    @Test
    void worker_runs_what_the_share_group_gives_it() throws Exception {
        // Given
        PostgresLedger ledger =
                PostgresLedger.open(new LedgerConfig(stack.postgres(), 4, "worker"));
        CountDownLatch ended = new CountDownLatch(1);
        WorkerConfig config = WorkerConfig.of("w1", 1);
        open.add(
                Worker.start(
                        config,
                        ledger,
                        new KafkaSignals(stack.kafka(), stack.topics(), config),
                        List.of(new ShareGroupTasks(stack.kafka(), stack.topics(), config)),
                        Map.of(
                                "echo",
                                (run, input) -> {
                                    run.emit("echo", new JsonText(input.json()));
                                    ended.countDown();
                                    return run.attempt();
                                })));
        RunId run = ledger.start(StartRun.of("echo", "{}"));
        Task task = new Task(run.toString(), 1, "default", "default", "echo");

        // When
        send(task);
        send(task);
        assertTrue(ended.await(30, TimeUnit.SECONDS));
        open.removeFirst().close();

        // Then
        assertEquals(RunStatus.COMPLETED, ledger.run(run).orElseThrow().status());
        assertEquals(4, ledger.run(run).orElseThrow().nextSeq());
        ledger.close();
    }

    /** A source for a desk that answers so. */
    private void source(String name, Function<Task, Answer> answers) {
        source(name, new Desk(Set.of("a"), Integer.MAX_VALUE, answers));
    }

    private void source(String name, TaskDesk desk) {
        ShareGroupTasks source =
                new ShareGroupTasks(stack.kafka(), stack.topics(), WorkerConfig.of(name, 1));
        open.add(source);
        source.start(desk);
    }

    /** So many places, which are never left; without any from when it says that it has none. */
    private final class Desk implements TaskDesk {

        private final Set<String> handlers;
        private final AtomicInteger places;
        private final Function<Task, Answer> answers;

        Desk(Set<String> handlers, int places, Function<Task, Answer> answers) {
            this.handlers = handlers;
            this.places = new AtomicInteger(places);
            this.answers = answers;
        }

        @Override
        public Set<String> handlers() {
            return handlers;
        }

        @Override
        public boolean awaitPlace(Duration wait) throws InterruptedException {
            return places.get() > 0
                    || new CountDownLatch(1).await(wait.toMillis(), TimeUnit.MILLISECONDS);
        }

        @Override
        public Answer offer(Task task) {
            Answer answer = answers.apply(task);
            if (answer == Answer.TAKEN) {
                places.decrementAndGet();
            } else if (answer == Answer.NOT_HERE) {
                places.set(0);
            }
            offered.add(task);
            return answer;
        }
    }

    private static Answer taken(Task task, BlockingQueue<Task> by) {
        by.add(task);
        return Answer.TAKEN;
    }

    private static Answer onlyOf(String handler, Task task, BlockingQueue<Task> by) {
        return task.handler().equals(handler) ? taken(task, by) : Answer.NO_HANDLER;
    }

    private Task nextOffered() throws InterruptedException {
        Task task = offered.poll(30, TimeUnit.SECONDS);
        if (task == null) {
            throw new AssertionError("no task was offered");
        }
        return task;
    }

    private static Task task(int attempt, String handler) {
        return new Task(new UUID(1, 1).toString(), attempt, "default", "default", handler);
    }

    private void send(Task task) throws Exception {
        producer.send(new ProducerRecord<>(stack.topics().tasks(), 0, null, WireJson.write(task)))
                .get();
    }

    private void sendInterrupt(int partition, Interrupt interrupt) throws Exception {
        producer.send(
                        new ProducerRecord<>(
                                stack.topics().interrupts(),
                                partition,
                                null,
                                WireJson.write(interrupt)))
                .get();
    }

    private List<Heartbeat> heartbeats(int partition) {
        TopicPartition where = new TopicPartition(stack.topics().heartbeats(), partition);
        List<Heartbeat> beats = new ArrayList<>();
        try (KafkaConsumer<byte[], byte[]> consumer =
                new KafkaConsumer<>(
                        Map.of(ConsumerConfig.BOOTSTRAP_SERVERS_CONFIG, stack.bootstrapServers()),
                        new ByteArrayDeserializer(),
                        new ByteArrayDeserializer())) {
            consumer.assign(List.of(where));
            consumer.seekToBeginning(List.of(where));
            long end = consumer.endOffsets(List.of(where)).getOrDefault(where, 0L);
            while (consumer.position(where) < end) {
                for (ConsumerRecord<byte[], byte[]> record : consumer.poll(Duration.ofSeconds(1))) {
                    beats.add(WireJson.read(record.value(), Heartbeat.class));
                }
            }
        }
        return beats;
    }
}
