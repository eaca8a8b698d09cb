package dev.outrun.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.outrun.engine.run.TestLog;
import dev.outrun.schema.json.WireJson;
import dev.outrun.schema.topic.Topics;
import dev.outrun.schema.work.Decision;
import dev.outrun.schema.work.RunView;
import dev.outrun.schema.work.Task;
import dev.outrun.teststack.TestStack;
import dev.outrun.teststack.TestStackExtension;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What the test driver cannot show: partitions, and a restart. */
@ExtendWith(TestStackExtension.class)
final class EngineOnBrokerTest {

    private static final int SHARDS = 3;

    @TempDir private Path stateDir = Path.of("");

    @ParameterizedTest
    @EnumSource(Guarantee.class)
    void engine_answersInTheShardOfTheQuestionAndOutlivesARestart(
            Guarantee guarantee, TestStack stack) throws Exception {
        try (var engine =
                new RunningEngine(
                        stack.bootstrapServers(), stack.topics(), guarantee, stateDir, SHARDS)) {
            // Given: in every shard a run that waits for its second attempt
            for (int shard = 0; shard < SHARDS; shard++) {
                loseAnAttempt(engine, stack.topics(), shard);
            }

            // When
            engine.restart(Duration.ofMinutes(30));

            // Then
            Set<Task> expected = new HashSet<>();
            Set<Task> tasks = new HashSet<>();
            for (int shard = 0; shard < SHARDS; shard++) {
                expected.add(log(engine, shard).task(2));
                tasks.add(read(engine.await(stack.topics().tasks()), Task.class));
            }
            assertEquals(expected, tasks);
        }
    }

    private static void loseAnAttempt(RunningEngine engine, Topics topics, int shard) {
        var run = log(engine, shard);
        run.requested();
        var task = engine.await(topics.tasks());
        assertEquals(run.task(1), read(task, Task.class));

        run.started("w@1");
        engine.leaving(shard, "w", 1);
        var lost = engine.await(topics.decisions());
        assertEquals(run.attemptLost(1, "worker left"), read(lost, Decision.class));
        assertEquals(shard, lost.partition());

        run.lost();
        var retry = engine.await(topics.decisions());
        assertEquals(run.retry(1, run.lastTime()), read(retry, Decision.class));

        run.retryScheduled(run.lastTime().plusSeconds(1_200));
        for (String status : List.of("queued", "running", "retrying")) {
            assertEquals(status, read(engine.await(topics.runs()), RunView.class).status());
        }
        var view = engine.await(topics.runs());
        assertEquals(run.view("retrying"), read(view, RunView.class));
        assertEquals(shard, view.partition());
    }

    private static TestLog log(RunningEngine engine, int shard) {
        return new TestLog(
                "shard-" + shard, InstantSource.system(), event -> engine.publish(shard, event));
    }

    private static <T> T read(ConsumerRecord<byte[], byte[]> record, Class<T> type) {
        return WireJson.read(record.value(), type);
    }
}
