package dev.outrun.connector;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.outrun.connector.ConnectorConfig.SourceSettings;
import dev.outrun.connector.ConnectorConfig.SourceSettings.Kind;
import dev.outrun.schema.run.RunId;
import dev.outrun.schema.run.Tenant;
import dev.outrun.teststack.TestStack;
import dev.outrun.teststack.TestStackExtension;
import java.io.BufferedReader;
import java.io.File;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.IntStream;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The connector as a process that is killed while others write. */
@ExtendWith(TestStackExtension.class)
@Timeout(value = 5, unit = TimeUnit.MINUTES) // four processes are started, one after the other
class CrashTest {

    private static final Duration LIMIT = Duration.ofSeconds(60);
    private static final int KILLS = 3;

    @Test
    void process_killedAtAnyPoint_losesAndDoublesNothing(TestStack stack) throws Exception {
        killAndStart(stack, SourceSettings.DEFAULT, () -> {});
    }

    @Test
    void process_killedAndItsSlotDropped_losesAndDoublesNothing(TestStack stack) throws Exception {
        Appends ledger = new Appends(stack.dataSource());
        killAndStart(stack, SourceSettings.DEFAULT, () -> dropSlot(ledger, stack.slot()));
    }

    @ParameterizedTest
    @CsvSource({"REPLICATION, 2", "POLLING, 1"})
    void process_fedInAnotherWay_losesAndDoublesNothing(Kind kind, int slots, TestStack stack)
            throws Exception {
        killAndStart(stack, SourceSettings.of(kind, slots), () -> {});
    }

    /** What else goes wrong while no connector lives. */
    @FunctionalInterface
    private interface Accident {
        void happen() throws Exception;
    }

    private static void killAndStart(TestStack stack, SourceSettings source, Accident accident)
            throws Exception {
        // Given
        long seed = System.nanoTime();
        Random random = new Random(seed);
        Connectors.makeTopics(stack);
        Appends ledger = new Appends(stack.dataSource());
        Writers writers = new Writers(ledger);
        Process process = spawn(stack, source);

        // When
        try (KafkaConsumer<byte[], byte[]> watcher = watcher(stack)) {
            writers.start(new Random(seed));
            writers.start(new Random(seed + 1));
            for (int kill = 0; kill < KILLS; kill++) {
                awaitRecords(watcher, 50 + random.nextInt(500), writers.room);
                process.destroyForcibly().waitFor();
                accident.happen();
                process = spawn(stack, source);
            }
            awaitRecords(watcher, 50 + random.nextInt(500), writers.room);
        } finally {
            process.destroyForcibly().waitFor();
            writers.stop();
        }
        try (OutboxConnector connector = Connectors.start(stack, source)) {
            connector.drainOnce(LIMIT);
            assertEquals(Health.State.RUNNING, connector.health().state(), "seed " + seed);
        }

        // Then
        Published.assertIsTheLedger(stack);
    }

    /**
     * The server notices by itself that the reader is dead; it is told, to be sure that it has. Of
     * a reader that died while it was making the slot anew, there is none.
     */
    private static void dropSlot(Appends ledger, String slot) throws SQLException {
        ledger.execute(
                """
                do $$ begin
                    perform pg_terminate_backend(active_pid, 10000)
                    from pg_replication_slots where slot_name = '%1$s' and active;
                    perform pg_drop_replication_slot(slot_name)
                    from pg_replication_slots where slot_name = '%1$s';
                end $$
                """
                        .formatted(slot));
    }

    /** Others who write, ahead of what is published by a bounded number of events. */
    private static final class Writers {

        private final Appends ledger;
        private final Semaphore room = new Semaphore(1_500);
        private final AtomicBoolean stopped = new AtomicBoolean();
        private final List<CompletableFuture<Void>> written = new ArrayList<>();

        Writers(Appends ledger) {
            this.ledger = ledger;
        }

        void start(Random random) {
            CompletableFuture<Void> done = new CompletableFuture<>();
            written.add(done);
            Thread.ofVirtual()
                    .start(() -> {
                        try (Connection connection = ledger.open()) {
                            List<RunId> runs = new ArrayList<>();
                            while (!stopped.get()) {
                                write(connection, runs, random);
                            }
                            done.complete(null);
                        } catch (SQLException | InterruptedException e) {
                            done.completeExceptionally(e);
                        }
                    });
        }

        /** A small transaction over some runs, now and then one of 500 appends. */
        private void write(Connection connection, List<RunId> runs, Random random)
                throws SQLException, InterruptedException {
            if (runs.size() < 3 || (runs.size() < 10 && random.nextInt(20) == 0)) {
                runs.add(ledger.start(connection, Tenant.DEFAULT));
            }
            int appends = random.nextInt(100) == 0 ? 500 : 1 + random.nextInt(5);
            for (int i = 0; i < appends; i++) {
                RunId run = runs.get(random.nextInt(runs.size()));
                Appends.append(connection, run, "{\"i\":" + random.nextInt() + "}");
            }
            connection.commit();
            room.acquire(appends);
        }

        void stop() throws Exception {
            stopped.set(true);
            room.release(10_000);
            for (CompletableFuture<Void> one : written) {
                one.get();
            }
        }
    }

    private static Process spawn(TestStack stack, SourceSettings source) throws Exception {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(List.of("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xmx512m", "-cp"));
        command.add(
                System.getProperty(
                        "surefire.test.class.path", System.getProperty("java.class.path")));
        command.add(ConnectorProcess.class.getName());
        command.addAll(ConnectorProcess.arguments(stack, source));
        Process process =
                new ProcessBuilder(command)
                        .redirectError(ProcessBuilder.Redirect.to(new File("/dev/null")))
                        .start();
        try (BufferedReader output = process.inputReader()) {
            String line = output.readLine();
            while (line != null && !line.equals(ConnectorProcess.STARTED)) {
                line = output.readLine();
            }
            assertEquals(ConnectorProcess.STARTED, line);
        }
        return process;
    }

    private static KafkaConsumer<byte[], byte[]> watcher(TestStack stack) {
        KafkaConsumer<byte[], byte[]> watcher = Published.consumer(stack);
        List<TopicPartition> partitions =
                IntStream.range(0, TestStack.SHARDS)
                        .mapToObj(n -> new TopicPartition(stack.topics().events(), n))
                        .toList();
        watcher.assign(partitions);
        watcher.seekToBeginning(partitions);
        return watcher;
    }

    private static void awaitRecords(
            KafkaConsumer<byte[], byte[]> watcher, int count, Semaphore room) {
        long deadline = System.nanoTime() + LIMIT.toNanos();
        int seen = 0;
        while (seen < count) {
            if (System.nanoTime() > deadline) {
                throw new AssertionError("only " + seen + " records of " + count);
            }
            int more = watcher.poll(Duration.ofMillis(200)).count();
            room.release(more);
            seen += more;
        }
    }
}
