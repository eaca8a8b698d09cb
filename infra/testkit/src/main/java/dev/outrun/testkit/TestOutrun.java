package dev.outrun.testkit;

import dev.outrun.ledger.Ledger;
import dev.outrun.schema.event.Event;
import dev.outrun.schema.event.EventTypes;
import dev.outrun.schema.run.RunId;
import dev.outrun.schema.run.Tenant;
import dev.outrun.schema.topic.RecordHeaders;
import dev.outrun.server.Outrun;
import dev.outrun.server.OutrunConfig;
import dev.outrun.server.cli.ApiClient;
import dev.outrun.teststack.TestStack;
import dev.outrun.worker.RunHandler;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/**
 * A running Outrun and what a test does with it. Methods block until what they name has happened,
 * for a minute at the most; none of them sleeps.
 */
public final class TestOutrun implements AutoCloseable {

    private static final Duration WAIT_MAX = Duration.ofSeconds(60);

    private final TestStack stack;
    private final Map<String, RunHandler> handlers;
    private final UnaryOperator<OutrunConfig> change;
    private final Path stateDir;
    private Outrun outrun;

    private TestOutrun(
            TestStack stack, Map<String, RunHandler> handlers, UnaryOperator<OutrunConfig> change) {
        this.stack = stack;
        this.handlers = handlers;
        this.change = change;
        this.stateDir = scratchFolder();
        this.outrun = launch();
    }

    static TestOutrun start(
            TestStack stack, Map<String, RunHandler> handlers, UnaryOperator<OutrunConfig> change) {
        return new TestOutrun(stack, handlers, change);
    }

    /** Stops everything cleanly and starts it again over the same database and topics. */
    public void restart() {
        outrun.close();
        outrun = launch();
    }

    /** Where the API listens; another port after a {@link #restart}. */
    public URI url() {
        return outrun.url();
    }

    /** The API, over HTTP. */
    public ApiClient api() {
        return new ApiClient(url());
    }

    /** The ledger, for looking past the API. */
    public Ledger ledger() {
        return outrun.ledger();
    }

    /** The database, broker, topics and slot below it. */
    public TestStack stack() {
        return stack;
    }

    /** Starts a run over HTTP; input is JSON text. */
    public RunId start(String handler, String input) {
        return RunId.parse(api().start(handler, input).get("id").asText());
    }

    /** Follows a run over SSE until its log is closed, and returns the log as the ledger has it. */
    public List<Event> awaitEnd(RunId run) {
        api().follow(run.toString(), 0, _ -> {});
        long deadline = System.nanoTime() + WAIT_MAX.toNanos();
        List<Event> log = ledger().events(run, 0, Integer.MAX_VALUE);
        // Postgres lets its log out a moment before others see what was committed.
        while (!isClosed(log)) {
            if (System.nanoTime() > deadline) {
                throw new AssertionError("run " + run + " has ended for its readers only");
            }
            log = ledger().events(run, 0, Integer.MAX_VALUE);
        }
        return log;
    }

    private static boolean isClosed(List<Event> log) {
        return !log.isEmpty() && EventTypes.isTerminal(log.getLast().type());
    }

    /** Returns once everything committed so far is published. */
    public void drain() {
        outrun.drainOnce(WAIT_MAX);
    }

    /** Deletes the run topics that are due. */
    public void sweepRunTopics() {
        outrun.sweepRunTopics();
    }

    /** The first records of a run's topic, as many as wanted. */
    public List<ConsumerRecord<byte[], byte[]>> runTopic(RunId run, int wanted) {
        return read(stack.topics().run(Tenant.DEFAULT, run), wanted, List.of());
    }

    /**
     * What the firehose holds of these runs, by partition and then offset, once that is as many as
     * wanted.
     */
    public List<ConsumerRecord<byte[], byte[]>> firehose(List<RunId> runs, int wanted) {
        return read(stack.topics().events(), wanted, runs);
    }

    /** The first records of the windows topic, as many as wanted. */
    public List<ConsumerRecord<byte[], byte[]>> windows(int wanted) {
        return read(stack.topics().windows(), wanted, List.of());
    }

    @Override
    public void close() {
        outrun.close();
        try (Stream<Path> files = Files.walk(stateDir)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        } catch (IOException e) {
            throw new UncheckedIOException("cannot remove " + stateDir, e);
        }
    }

    private static Path scratchFolder() {
        try {
            return Files.createTempDirectory("outrun-test-");
        } catch (IOException e) {
            throw new UncheckedIOException("no scratch folder", e);
        }
    }

    private Outrun launch() {
        return Outrun.start(
                change.apply(
                        OutrunConfig.of(
                                stack.postgres(),
                                stack.bootstrapServers(),
                                stack.topics(),
                                stack.slot(),
                                stateDir)),
                handlers);
    }

    /**
     * Reads from the beginning until so many records of these runs, or of any where none is named,
     * were seen.
     */
    private List<ConsumerRecord<byte[], byte[]>> read(String topic, int wanted, List<RunId> runs) {
        List<ConsumerRecord<byte[], byte[]>> found = new ArrayList<>();
        long deadline = System.nanoTime() + WAIT_MAX.toNanos();
        try (KafkaConsumer<byte[], byte[]> consumer = consumer()) {
            List<TopicPartition> partitions =
                    consumer.partitionsFor(topic).stream()
                            .map((PartitionInfo partition) ->
                                    new TopicPartition(topic, partition.partition()))
                            .toList();
            consumer.assign(partitions);
            consumer.seekToBeginning(partitions);
            while (found.size() < wanted) {
                if (System.nanoTime() > deadline) {
                    throw new AssertionError(
                            "topic "
                                    + topic
                                    + " holds "
                                    + found.size()
                                    + " records, not "
                                    + wanted);
                }
                ConsumerRecords<byte[], byte[]> batch = consumer.poll(Duration.ofMillis(100));
                for (ConsumerRecord<byte[], byte[]> record : batch) {
                    if (runs.isEmpty() || runs.contains(RecordHeaders.read(record).run())) {
                        found.add(record);
                    }
                }
            }
        }
        return found;
    }

    private KafkaConsumer<byte[], byte[]> consumer() {
        return new KafkaConsumer<>(
                Map.of(ConsumerConfig.BOOTSTRAP_SERVERS_CONFIG, stack.bootstrapServers()),
                new ByteArrayDeserializer(),
                new ByteArrayDeserializer());
    }
}
