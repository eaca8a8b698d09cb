package dev.outrun.testkit;

import dev.outrun.ledger.StartRun;
import dev.outrun.ledger.Wake;
import dev.outrun.schema.event.Event;
import dev.outrun.schema.event.EventTypes;
import dev.outrun.schema.run.RunId;
import dev.outrun.schema.run.RunStatus;
import dev.outrun.worker.Input;
import dev.outrun.worker.RunContext;
import dev.outrun.worker.RunHandler;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;

/** Handlers that use the harness they run in. */
final class SteppedStage implements AutoCloseable {

    /** What a run of {@code greet} comes to. */
    static final List<String> WELL =
            List.of(
                    EventTypes.REQUESTED,
                    EventTypes.ATTEMPT_STARTED,
                    "greeting",
                    EventTypes.COMPLETED);

    /** The inputs that {@code greet} was called with. */
    final List<String> made = new ArrayList<>();

    SteppedOutrun outrun = SteppedOutrun.with(handlers()).open();

    Map<String, RunHandler> handlers() {
        return Map.of(
                "greet", this::greet,
                "flaky", this::flaky,
                "ask", this::ask,
                "slow", this::slow,
                "stuck", this::stuck,
                "chatter", this::chatter,
                "endless", this::endless,
                "cancelsItself", this::cancelsItself);
    }

    private @Nullable Object greet(RunContext run, Input input) {
        made.add(input.json());
        run.emit("greeting", "hello");
        return "done";
    }

    private Object flaky(RunContext run, Input input) {
        if (run.attempt() < 3) {
            throw new IllegalStateException("not yet");
        }
        return run.attempt();
    }

    private @Nullable Object ask(RunContext run, Input input) {
        for (Event event : run.history()) {
            if (event.type().equals(EventTypes.SIGNAL_RECEIVED)) {
                return "answered";
            }
        }
        outrun.suspend(run.runId(), Wake.on("answer"));
        return null;
    }

    /** As long as its input says, in virtual milliseconds. */
    private @Nullable Object slow(RunContext run, Input input) {
        run.emit("begun", null);
        run.flush();
        outrun.advance(Duration.ofMillis(input.tree().asLong()));
        run.emit("went.on", null);
        return null;
    }

    private @Nullable Object stuck(RunContext run, Input input) throws InterruptedException {
        new CountDownLatch(1).await();
        return null;
    }

    private @Nullable Object chatter(RunContext run, Input input) {
        while (true) {
            run.emit("word", null);
        }
    }

    private @Nullable Object cancelsItself(RunContext run, Input input) {
        run.emit("begun", null);
        run.flush();
        outrun.cancel(run.runId());
        outrun.settle();
        run.emit("went.on", null);
        return null;
    }

    private @Nullable Object endless(RunContext run, Input input) {
        outrun.start("endless", "0");
        return null;
    }

    /** Another harness, with the same handlers if it is given them. */
    void reopen(SteppedOutrun.Builder other) {
        outrun.close();
        outrun = other.open();
    }

    StartRun later(String handler, Duration delay) {
        return StartRun.with(handler, "1").runAt(outrun.now().plus(delay)).build();
    }

    /** A run whose first attempt is live, and not begun. */
    RunId claimed(String handler) {
        RunId run = outrun.start(handler, "1");
        while (outrun.status(run) != RunStatus.RUNNING) {
            outrun.step();
        }
        return run;
    }

    List<Instant> times(RunId run, String type) {
        return outrun.log(run).stream()
                .filter(event -> event.type().equals(type))
                .map(Event::time)
                .toList();
    }

    @Override
    public void close() {
        outrun.close();
    }
}
