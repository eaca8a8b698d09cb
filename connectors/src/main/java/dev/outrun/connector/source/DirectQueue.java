package dev.outrun.connector.source;

import io.debezium.connector.base.QueueProvider;
import io.debezium.pipeline.DataChangeEvent;
import java.util.Map;
import org.apache.kafka.connect.source.SourceRecord;
import org.jspecify.annotations.Nullable;

/**
 * A Debezium queue that is none: each record goes straight to its taker, on the thread that has
 * decoded it. Public because Debezium makes it, by name, through the service loader.
 *
 * <p>Debezium's own way from its reader to a consumer waits one to two poll intervals for a batch
 * to fill, burns the last millisecond of each wait in a loop that holds the queue's lock, and hands
 * every record through a thread pool for transformations we do not have. Here only the very first
 * record stays in the queue, for the engine to bring to its consumer: with it comes the committer.
 *
 * <p>The taker is inherited from the thread that runs the engine: nothing else reaches an object
 * made by name, short of a registry that all engines of a process would share.
 */
public final class DirectQueue implements QueueProvider<DataChangeEvent> {

    static final String NAME = "outrun-direct";

    /** Who takes the records of the engine run by this thread, or by one that it started. */
    static final InheritableThreadLocal<@Nullable Taker> TAKER = new InheritableThreadLocal<>();

    private final @Nullable Taker taker = TAKER.get();
    private @Nullable DataChangeEvent first;
    private boolean begun;

    /** Takes one record. */
    @FunctionalInterface
    interface Taker {
        void take(SourceRecord record) throws InterruptedException;
    }

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public void configure(Map<String, ?> properties) {
        // Nothing to set.
    }

    @Override
    public void enqueue(DataChangeEvent event) throws InterruptedException {
        if (taker == null) {
            throw new IllegalStateException("the engine was not started by a DebeziumSource");
        }
        taker.take(event.getRecord());
        if (!begun) {
            begun = true;
            first = event;
        }
    }

    @Override
    public @Nullable DataChangeEvent poll() {
        DataChangeEvent event = first;
        first = null;
        return event;
    }

    @Override
    public int size() {
        return first == null ? 0 : 1;
    }
}
