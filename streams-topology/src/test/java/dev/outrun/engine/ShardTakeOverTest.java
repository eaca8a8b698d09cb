package dev.outrun.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import dev.outrun.engine.out.ShardKey;
import dev.outrun.engine.run.OpenRun;
import dev.outrun.engine.run.RunState;
import dev.outrun.engine.run.TestLog;
import dev.outrun.engine.schedule.Schedule;
import dev.outrun.schema.event.Event;
import dev.outrun.schema.topic.Topics;
import dev.outrun.schema.work.Decision;
import dev.outrun.streams.DeadLetters;
import dev.outrun.streams.MemoryStores;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.apache.kafka.streams.processor.api.MockProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.KeyValueStore;
import org.junit.jupiter.api.Test;

/** An engine dies, and another goes on from the runs it has stored. */
final class ShardTakeOverTest {

    private static final Topics TOPICS = new Topics("test");

    private final KeyValueStore<String, OpenRun> store =
            MemoryStores.open(Shard.RUNS_STORE, Stored.RUNS);
    private final KeyValueStore<String, StoredQueue> queues =
            MemoryStores.open(Shard.QUEUES_STORE, Stored.QUEUES);
    private final KeyValueStore<String, Schedule> schedules =
            MemoryStores.open(Shard.SCHEDULES_STORE, Stored.SCHEDULES);
    private Instant now = EngineScenario.START;
    private MockProcessorContext<ShardKey, Object> context = new MockProcessorContext<>();
    private final TestLog queueLog = log("the queue's");
    private ShardProcessor processor = takeOver();

    @Test
    void timers_ofAllStates_fireAfterATakeOver() {
        // Given
        var delayed = log("a");
        var backedOff = log("b");
        var undecided = log("c");
        var unclaimed = log("d");
        delayed.requestedFor(now.plusSeconds(3));
        backedOff.requested();
        backedOff.started("w@1");
        backedOff.failed();
        backedOff.retryScheduled(now.plusSeconds(4));
        undecided.requested();
        undecided.started("w@1");
        undecided.failedForGood();
        unclaimed.requested();

        // When
        takeOver();
        advance(Duration.ofSeconds(31));

        // Then
        assertEquals(List.of(delayed.task(1), backedOff.task(2), unclaimed.task(1)), said("tasks"));
        assertEquals(undecided.fail(1), said("decisions").getFirst());
    }

    @Test
    void workers_afterATakeOver_areSilentFromThenOn() {
        // Given: the engine is away for an hour
        var run = log("a");
        run.requested();
        run.started("w@1");
        now = now.plus(Duration.ofHours(1));

        // When / Then
        takeOver();
        advance(Duration.ofSeconds(9));
        assertEquals(List.of(), said("decisions"));
        advance(Duration.ofSeconds(2));
        assertEquals(List.of(run.attemptLost(1, "worker silent")), said("decisions"));
    }

    @Test
    void events_readAgainAfterATakeOver_areSkipped() {
        // Given
        var run = log("a");
        run.requested();
        run.started("w@1");

        // When
        takeOver();
        run.replayFrom(0);

        // Then
        assertEquals(List.of(), context.forwarded());
    }

    @Test
    void usersEvents_areNotStored_andChangeNothingWhenReadAgain() {
        // Given
        var run = log("a");
        run.requested();
        run.started("w@1");
        OpenRun stored = store.get(run.run().toString());
        run.write("token.delta", "1");
        run.write("token.delta", "2");
        assertEquals(stored, store.get(run.run().toString()));

        // When
        takeOver();
        run.replayFrom(3);
        run.completed();

        // Then
        assertEquals(List.of(run.view("completed")), said("views"));
        assertNull(store.get(run.run().toString()));
    }

    @Test
    void queues_afterATakeOver_keepToTheirSettingsAndKnowWhoIsWhere() {
        // Given
        queueKeepsTo("\"concurrency\":2,\"rate\":{\"limit\":2,\"per_ms\":60000}");
        var done = log("a");
        var out = log("b");
        var waiting = log("c");
        done.requested();
        done.started("w@1");
        done.completed();
        out.requested();
        waiting.requested();

        // When / Then: one has started and another may at any moment
        takeOver();
        advance(Duration.ofSeconds(1));
        assertEquals(List.of(), said("tasks"));
        out.started("w@1");
        advance(Duration.ofSeconds(58));
        assertEquals(List.of(), said("tasks"));
        advance(Duration.ofSeconds(1));
        assertEquals(List.of(waiting.task(1)), said("tasks"));
    }

    @Test
    void attempts_afterATakeOver_countForTheRateFromTheirStart() {
        // Given
        queueKeepsTo("\"rate\":{\"limit\":1,\"per_ms\":10000}");
        var live = log("a");
        var waiting = log("b");
        live.requested();
        live.started("w@1");
        waiting.requested();
        advance(Duration.ofSeconds(6));

        // When
        takeOver();

        // Then
        advance(Duration.ofSeconds(3));
        assertEquals(List.of(), said("tasks"));
        advance(Duration.ofSeconds(1));
        assertEquals(List.of(waiting.task(1)), said("tasks"));
    }

    @Test
    void runsThatWaitForTheirTurn_afterATakeOver_haveIt() {
        // Given
        queueKeepsTo("\"mode\":\"paused\"");
        var run = log("a");
        run.requested();
        queueKeepsTo("\"mode\":\"active\"");
        OpenRun queued = store.get(run.run().toString());
        store.put(
                run.run().toString(),
                new OpenRun(queued.facts(), new RunState.Queued(1, EngineScenario.START)));

        // When
        takeOver();
        advance(Duration.ofSeconds(1));

        // Then
        assertEquals(List.of(run.task(1)), said("tasks"));
    }

    @Test
    void schedules_afterATakeOver_areDecidedFromWhereTheyWere() {
        // Given: of three occurrences the first has fired, and the second was decided
        var schedule = log("the schedule's");
        Instant first = EngineScenario.START.plusSeconds(10);
        schedule.write(
                "schedule.changed",
                "{\"tenant\":\"t\",\"schedule\":\"s\",\"every_ms\":10000,\"catch_up\":\"all\","
                        + "\"starts_at\":\""
                        + first
                        + "\",\"after\":\""
                        + EngineScenario.START
                        + "\"}");
        advance(Duration.ofSeconds(10));
        schedule.write("schedule.fired", "{\"at\":\"" + first + "\",\"missed\":0}");
        advance(Duration.ofSeconds(10));

        // When
        takeOver();
        advance(Duration.ofSeconds(1));

        // Then: decided again, for the ledger to refuse if it was recorded
        String log = schedule.run().toString();
        assertEquals(
                List.of(new Decision.Fire(log, 0, first.plusSeconds(10), 0)), said("decisions"));
    }

    private void queueKeepsTo(String settings) {
        queueLog.write(
                "queue.changed",
                "{\"queue\":\"default\",\"order\":\"fifo\",\"width\":1,"
                        + (settings.contains("mode") ? "" : "\"mode\":\"active\",")
                        + settings
                        + "}");
    }

    private TestLog log(String name) {
        return new TestLog(name, () -> now, this::process);
    }

    /** A new process with the same store. */
    private ShardProcessor takeOver() {
        context = new MockProcessorContext<>();
        context.addStateStore(store);
        context.addStateStore(queues);
        context.addStateStore(schedules);
        context.setCurrentSystemTimeMs(now.toEpochMilli());
        processor =
                new ShardProcessor(
                        TOPICS,
                        EngineSettings.DEFAULT,
                        new DeadLetters("engine"),
                        new ShardHost() {});
        processor.init(context);
        return processor;
    }

    private void process(Event event) {
        var record = EngineScenario.recordOf(event);
        context.setRecordMetadata(TOPICS.events(), 0, event.seq());
        context.setCurrentSystemTimeMs(now.toEpochMilli());
        processor.process(
                new Record<>(
                        record.key(),
                        record.value(),
                        event.time().toEpochMilli(),
                        record.headers()));
    }

    private void advance(Duration by) {
        for (Instant until = now.plus(by); now.isBefore(until); ) {
            now = now.plusSeconds(1);
            context.scheduledPunctuators()
                    .forEach(each -> each.getPunctuator().punctuate(now.toEpochMilli()));
        }
    }

    private List<Object> said(String sink) {
        return context.forwarded(sink).stream()
                .<Object>map(forward -> forward.record().value())
                .toList();
    }
}
