package dev.outrun.api.hub;

import dev.outrun.ledger.memory.InMemoryLedger;
import dev.outrun.schema.event.Event;
import dev.outrun.schema.run.RunId;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.infra.Blackhole;

/** What an event costs that so many clients of its run are to have, until all have it. */
@State(Scope.Thread)
public class FanOutBenchmark {

    /** Who follow the run. */
    @Param({"1", "10", "1000"})
    public int clients;

    private final RunId run = new RunId(new UUID(1, 2));
    private final Watch watch = new Watch(run, 0, new InMemoryLedger(InstantSource.system()));
    private final List<Inbox> inboxes = new ArrayList<>();
    private final Event event =
            new Event(
                    run,
                    1,
                    "token.delta",
                    1,
                    Instant.EPOCH,
                    "\"a few words of text\"".getBytes(StandardCharsets.UTF_8));

    /** All of them follow. */
    @Setup
    public void follow() {
        for (int n = 0; n < clients; n++) {
            Inbox inbox = new Inbox(1_000, 1 << 20);
            inboxes.add(inbox);
            watch.add(inbox);
        }
    }

    /** An operation is an event. */
    @Benchmark
    public void event(Blackhole taken) throws InterruptedException {
        watch.offer(Frame.of(event));
        for (Inbox inbox : inboxes) {
            taken.consume(inbox.take(0));
        }
    }
}
