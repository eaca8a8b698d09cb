package dev.outrun.api.hub;

import dev.outrun.ledger.Run;
import dev.outrun.ledger.StartRun;
import dev.outrun.ledger.memory.InMemoryLedger;
import dev.outrun.schema.event.Event;
import dev.outrun.schema.run.RunId;
import dev.outrun.teststack.TestStack;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;

/**
 * A ledger in memory, lanes driven by hand, and a hub between them, whose idle check is so rare
 * that a live event that is lost stays lost.
 */
final class HubStage implements AutoCloseable {

    static final HubConfig PATIENT =
            new HubConfig(
                    1_000,
                    4,
                    512,
                    128 * 1024,
                    2,
                    256 * 1024,
                    Duration.ofHours(1),
                    Duration.ofHours(1),
                    Duration.ofHours(1),
                    Duration.ofHours(1));

    /** What a test waits for an event that must come. */
    static final Duration LONG = Duration.ofSeconds(60);

    /** What a test waits to see that nothing comes. */
    static final Duration SHORT = Duration.ofMillis(20);

    final InMemoryLedger ledger = new InMemoryLedger(InstantSource.system());
    final Lanes lanes;
    final Hub hub;

    HubStage(TestStack stack, HubConfig config) {
        ledger.registerHandlers(List.of("echo"));
        lanes = new Lanes(stack.bootstrapServers(), stack.topics(), ledger.shards());
        hub = Hub.start(config, ledger, stack.topics(), stack.kafka());
    }

    RunId start() {
        return ledger.start(StartRun.of("echo", "{}"));
    }

    /** Appends so many events of a user's. */
    void append(RunId run, int events) {
        List<String> all = new ArrayList<>();
        for (int i = 0; i < events; i++) {
            all.add("{\"type\":\"token.delta\",\"data\":" + i + "}");
        }
        ledger.append(run, null, "[" + String.join(",", all) + "]");
    }

    /** Appends two events: an attempt's start, and the run's end. */
    void finish(RunId run) {
        int attempt = run(run).attempt() + 1;
        ledger.claim(run, attempt, "worker");
        ledger.complete(run, attempt, "1");
    }

    Run run(RunId run) {
        return ledger.run(run).orElseThrow();
    }

    List<Event> events(RunId run, long from, long to) {
        return from >= to ? List.of() : ledger.events(run, from, (int) (to - from));
    }

    /** Publishes a stretch to the firehose. */
    void live(RunId run, long from, long to) {
        lanes.live(run(run).shard(), events(run, from, to));
    }

    Subscription subscribe(RunId run, long from) {
        return hub.subscribe(run(run), from);
    }

    /**
     * Subscribes to a run of its own and returns when the tail follows that run's shard, which it
     * then does for the rest of the test. The proof is an event that only the firehose has.
     */
    void settle() throws InterruptedException {
        RunId run = start();
        Subscription subscription = subscribe(run, 1);
        Event only = new Event(run, 1, "only.live", 0, run(run).createdAt(), new byte[] {'1'});
        Delivery delivery = Delivery.Signal.QUIET;
        while (delivery == Delivery.Signal.QUIET) {
            lanes.live(run(run).shard(), List.of(only));
            delivery = subscription.next(SHORT);
        }
    }

    /** Reads to the end of the run. */
    static List<Frame> drain(Subscription subscription) throws InterruptedException {
        List<Frame> all = new ArrayList<>();
        Delivery next = subscription.next(LONG);
        while (next instanceof Delivery.Frames(List<Frame> frames)) {
            all.addAll(frames);
            next = subscription.next(LONG);
        }
        if (next != Delivery.Signal.END) {
            throw new AssertionError(next + " after " + all.size() + " events");
        }
        return all;
    }

    @Override
    public void close() {
        hub.close();
        lanes.close();
    }
}
