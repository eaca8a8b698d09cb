package dev.outrun.engine;

import dev.outrun.engine.run.OpenRun;
import dev.outrun.engine.run.RunFacts;
import dev.outrun.engine.run.RunState;
import dev.outrun.schema.event.PlatformEvent;
import dev.outrun.schema.event.RetryPolicy;
import dev.outrun.schema.run.RunId;
import dev.outrun.schema.run.RunStatus;
import java.time.Instant;

/** An open run as it was stored before runs had priorities, keys and timeouts. */
record RunInFormat1(Facts facts, RunState state) {

    record Facts(
            RunId run,
            String tenant,
            String queue,
            String handler,
            RetryPolicy retry,
            RunStatus status,
            int attempt,
            int failures,
            int lost,
            boolean cancelRequested,
            long seq,
            Instant time) {}

    OpenRun toRun() {
        var request =
                new PlatformEvent.Requested(
                        facts.handler,
                        facts.queue,
                        facts.tenant,
                        null,
                        facts.retry,
                        0,
                        null,
                        null,
                        null,
                        null);
        return new OpenRun(
                new RunFacts(
                        facts.run,
                        request,
                        facts.status,
                        facts.attempt,
                        facts.failures,
                        facts.lost,
                        facts.cancelRequested,
                        false,
                        facts.time, // only a timeout asks for it
                        null,
                        facts.seq,
                        facts.time),
                state);
    }
}
