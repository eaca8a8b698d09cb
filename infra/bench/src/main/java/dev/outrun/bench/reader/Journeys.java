package dev.outrun.bench.reader;

import dev.outrun.bench.figure.Micros;
import dev.outrun.schema.event.Event;
import dev.outrun.schema.event.EventTypes;
import dev.outrun.schema.run.RunId;
import dev.outrun.schema.topic.RecordHeaders;
import dev.outrun.server.OutrunConfig;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;

/**
 * What a live reader of the firehose sees of each run, on a thread of its own. All times are
 * microseconds of the machine's clock, which the ledger's events have theirs from too.
 */
public final class Journeys implements AutoCloseable {

    private final Map<RunId, Journey> journeys = new ConcurrentHashMap<>();
    private final Consumer<Journey> ended;
    private final Follower follower;

    /** One run's way: when events of it were written, and when they were seen. */
    public static final class Journey {
        long due;
        long requested;
        long requestedSeen;
        long started;
        long completed;
        long completedSeen;

        boolean isWhole() {
            return requested != 0 && started != 0 && completed != 0 && due != 0;
        }
    }

    /** Follows the firehose from its end on. */
    public Journeys(OutrunConfig config, Consumer<Journey> ended) {
        this.ended = ended;
        this.follower =
                new Follower(
                        config.kafka(),
                        List.of(config.topics().events()),
                        record -> saw(RecordHeaders.read(record), Micros.now()));
    }

    /** A run was due, and its request is committed. */
    public void begun(RunId run, long due) {
        Journey journey = of(run);
        boolean whole;
        synchronized (journey) {
            journey.due = due;
            whole = journey.isWhole();
        }
        endIf(whole, run, journey);
    }

    private Journey of(RunId run) {
        return journeys.computeIfAbsent(run, _ -> new Journey());
    }

    private void saw(Event event, long at) {
        if (EventTypes.isOfControl(event.type())) {
            return;
        }
        Journey journey = of(event.run());
        long written = Micros.of(event.time());
        boolean whole;
        synchronized (journey) {
            switch (event.type()) {
                case EventTypes.REQUESTED -> {
                    journey.requested = written;
                    journey.requestedSeen = at;
                }
                case EventTypes.ATTEMPT_STARTED -> journey.started = written;
                case EventTypes.COMPLETED -> {
                    journey.completed = written;
                    journey.completedSeen = at;
                }
                default -> {}
            }
            whole = journey.isWhole();
        }
        endIf(whole, event.run(), journey);
    }

    private void endIf(boolean whole, RunId run, Journey journey) {
        if (whole && journeys.remove(run, journey)) {
            ended.accept(journey);
        }
    }

    @Override
    public void close() {
        follower.close();
    }
}
