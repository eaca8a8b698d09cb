package dev.outrun.testkit;

import dev.outrun.schema.event.Event;
import dev.outrun.schema.run.RunId;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The connector, stepped: publishes what was committed, in the order of the commits, each event
 * once. After a crash it begins again where it had noted it was, and passes over what it finds
 * published.
 */
final class SteppedConnector implements Stepped {

    private record Change(int shard, Event event) {}

    private final List<Change> writeAheadLog = new ArrayList<>();
    private final Firehose firehose;
    private final Map<RunId, Long> expectedSeqs = new HashMap<>();
    private int next;
    private int checkpoint;

    SteppedConnector(Firehose firehose) {
        this.firehose = firehose;
    }

    /** An event was committed. */
    void committed(int shard, Event event) {
        writeAheadLog.add(new Change(shard, event));
    }

    @Override
    public @Nullable String move() {
        if (next == writeAheadLog.size()) {
            return null;
        }
        Change change = writeAheadLog.get(next);
        next++;
        Event event = change.event();
        String what = event.type() + " of " + event.run();
        long expected = expectedSeqs.getOrDefault(event.run(), 0L);
        if (event.seq() < expected) {
            return "found " + what;
        } else if (event.seq() > expected) {
            throw new IllegalStateException(
                    "seq " + event.seq() + " of " + event.run() + " comes before " + expected);
        }
        expectedSeqs.put(event.run(), expected + 1);
        firehose.publish(change.shard(), event);
        return "published " + what;
    }

    @Override
    public void commit() {
        checkpoint = next;
    }

    @Override
    public void crash() {
        next = checkpoint;
        expectedSeqs.clear();
        expectedSeqs.putAll(firehose.ends());
    }
}
