package dev.outrun.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.outrun.engine.out.ShardKey;
import dev.outrun.engine.run.TestLog;
import dev.outrun.schema.event.Event;
import dev.outrun.schema.topic.Topics;
import dev.outrun.streams.DeadLetters;
import dev.outrun.streams.MemoryStores;
import java.util.List;
import org.apache.kafka.streams.processor.api.MockProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.junit.jupiter.api.Test;

/** A bug of ours, behind the point where a run has been stored, takes a thread down once. */
final class EngineBugTest {

    private static final Topics TOPICS = new Topics("test");

    private final DeadLetters letters = new DeadLetters("engine");
    private Context context = new Context();
    private ShardProcessor processor = start();

    @Test
    void event_thatBringsTheThreadDown_isADeadLetterAndTheShardGoesOn() {
        // Given
        var good = log("good");
        good.requested();
        var bad = log("bad");
        context.failing = bad.task(1);
        assertThrows(IllegalStateException.class, bad::requested);

        // When: another thread begins with the last commit, which has neither
        Object failing = context.failing;
        start();
        context.failing = failing;
        good.replayFrom(0);
        bad.replayFrom(0);
        log("next").requested();

        // Then
        assertEquals(List.of(good.task(1), log("next").task(1)), said("tasks"));
        assertEquals(1, said("dead-letters").size());
        assertEquals(1, letters.count());
    }

    private TestLog log(String name) {
        return new TestLog(name, () -> EngineScenario.START, event -> process(name, event));
    }

    /** A thread that finds nothing stored. */
    private ShardProcessor start() {
        context = new Context();
        context.addStateStore(MemoryStores.open(Shard.RUNS_STORE, Stored.RUNS));
        context.addStateStore(MemoryStores.open(Shard.QUEUES_STORE, Stored.QUEUES));
        context.addStateStore(MemoryStores.open(Shard.SCHEDULES_STORE, Stored.SCHEDULES));
        context.setCurrentSystemTimeMs(EngineScenario.START.toEpochMilli());
        processor = new ShardProcessor(TOPICS, EngineSettings.DEFAULT, letters, new ShardHost() {});
        processor.init(context);
        return processor;
    }

    private void process(String name, Event event) {
        var record = EngineScenario.recordOf(event);
        context.setRecordMetadata(TOPICS.events(), 0, name.hashCode());
        processor.process(
                new Record<>(
                        record.key(),
                        record.value(),
                        event.time().toEpochMilli(),
                        record.headers()));
    }

    private List<Object> said(String sink) {
        return context.forwarded(sink).stream()
                .<Object>map(forward -> forward.record().value())
                .toList();
    }

    /** Where one task cannot be sent. */
    private static final class Context extends MockProcessorContext<ShardKey, Object> {

        private Object failing = "none";

        @Override
        public <K extends ShardKey, V> void forward(Record<K, V> record, String childName) {
            if (failing.equals(record.value())) {
                throw new IllegalStateException("a bug");
            }
            super.forward(record, childName);
        }
    }
}
