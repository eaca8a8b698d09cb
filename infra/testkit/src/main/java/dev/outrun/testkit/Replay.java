package dev.outrun.testkit;

import com.fasterxml.jackson.databind.JsonNode;
import dev.outrun.ledger.Ledger;
import dev.outrun.ledger.StartRun;
import dev.outrun.ledger.Wake;
import dev.outrun.schema.error.OutrunException;
import dev.outrun.schema.event.Event;
import dev.outrun.schema.event.EventTypes;
import dev.outrun.schema.event.PlatformEvent.AttemptFailed;
import dev.outrun.schema.run.RunId;
import dev.outrun.schema.run.RunStatus;
import dev.outrun.schema.run.Tenant;
import dev.outrun.schema.work.Decision;
import dev.outrun.schema.work.Heartbeat;
import dev.outrun.testkit.ExportedRun.Recorded;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import java.util.function.BooleanSupplier;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * An exported run, played again: what came from outside (the request, what workers did, signals,
 * cancels) is done when it was done; what followed from it must follow again.
 *
 * <p>The recorder is held, and records when the log says that something was recorded: what a real
 * system does in between is no difference.
 */
final class Replay {

    /** The engine's clock may be a timer's grain ahead of the recorded one, and that twice. */
    private static final int LOOKS_AHEAD = 2;

    private static final String PARENT_HANDLER = "parent";

    private final ExportedRun exported;
    private final SteppedOutrun outrun;
    private final Ledger ledger;
    private final RunId run;

    Replay(ExportedRun exported, SteppedOutrun outrun) {
        this.exported = exported;
        this.outrun = outrun;
        this.ledger = outrun.ledger();
        this.run = exported.run();
    }

    /**
     * Plays all of it.
     *
     * @throws AssertionError at the first event that is not the same
     */
    void play() {
        outrun.hold(Part.WORKER);
        outrun.hold(Part.RECORDER);
        ledger.registerHandlers(handlers());
        for (Recorded event : exported.events()) {
            outrun.advanceTo(event.time());
            outrun.setLedgerClock(event.time());
            if (found(event.seq()) == null) {
                happen(event);
                outrun.settle();
            }
            compare(event, found(event.seq()));
        }
        Recorded more = found(exported.events().size());
        if (more != null) {
            throw new AssertionError(
                    "seq %d: expected nothing more, found %s".formatted(more.seq(), more));
        }
    }

    private Set<String> handlers() {
        Set<String> names =
                exported.events().stream()
                        .map(event -> event.text("handler"))
                        .filter(Predicate.not(String::isEmpty))
                        .collect(Collectors.toSet());
        names.add(PARENT_HANDLER);
        return names;
    }

    private static void compare(Recorded expected, @Nullable Recorded found) {
        if (found == null || !found.isSame(expected)) {
            throw new AssertionError(
                    "seq %d: expected %s, found %s"
                            .formatted(
                                    expected.seq(), expected, found == null ? "nothing" : found));
        }
    }

    private @Nullable Recorded found(long seq) {
        List<Event> events = ledger.events(run, seq, 1);
        return events.isEmpty() ? null : Recorded.of(events.getFirst());
    }

    private void happen(Recorded event) {
        try {
            switch (event.type()) {
                case EventTypes.REQUESTED -> start(event.data());
                case EventTypes.ATTEMPT_STARTED -> claim(event);
                case EventTypes.ATTEMPT_FAILED -> fail(event);
                case EventTypes.SUSPENDED -> suspend(event);
                case EventTypes.RESUMED -> resume(event);
                case EventTypes.SIGNAL_RECEIVED ->
                        ledger.signal(
                                run, event.text("name"), event.data().path("data").toString());
                case EventTypes.CANCEL_REQUESTED -> ledger.cancel(run, optional(event, "reason"));
                case EventTypes.COMPLETED ->
                        ledger.complete(
                                run, event.attempt(), event.data().path("output").toString());
                case EventTypes.CANCELLED -> cancelled(event);
                case EventTypes.CHILD_STARTED -> startChild(event);
                case EventTypes.CHILD_ENDED -> endChild(event.data());
                case EventTypes.RETRY_SCHEDULED, EventTypes.FAILED -> decides(event);
                default -> append(event);
            }
        } catch (OutrunException e) {
            throw new AssertionError(
                    "seq %d: expected %s, which the ledger refuses: %s"
                            .formatted(event.seq(), event, e.getMessage()),
                    e);
        }
    }

    private void start(JsonNode request) {
        String parent = request.path("parent").asText("");
        if (!parent.isEmpty()) {
            ledger.start(
                    StartRun.with(PARENT_HANDLER, "null")
                            .id(RunId.parse(parent))
                            .tenant(new Tenant(request.path("tenant").asText()))
                            .build());
        }
        ledger.start(
                StartRun.with(request.path("handler").asText(), request.path("input").toString())
                        .id(run)
                        .tenant(new Tenant(request.path("tenant").asText()))
                        .queue(request.path("queue").asText())
                        .runAt(time(request.path("run_at")))
                        .retry(request.has("retry") ? request.path("retry").toString() : null)
                        .priority(request.path("priority").asInt(0))
                        .concurrencyKey(request.path("concurrency_key").asText(null))
                        .timeoutMs(number(request.path("timeout_ms")))
                        .attemptTimeoutMs(number(request.path("attempt_timeout_ms")))
                        .waitFor(request.path("wait_for").asText(null))
                        .child(
                                parent.isEmpty()
                                        ? null
                                        : new StartRun.Child(RunId.parse(parent), false, true))
                        .scheduled(
                                request.has("schedule")
                                        ? new StartRun.Scheduled(
                                                request.path("schedule").asText(),
                                                time(request.path("scheduled_at")))
                                        : null)
                        .build());
    }

    /** The engine must have sent a task. */
    private void claim(Recorded event) {
        boolean sent =
                comesAhead(() ->
                        outrun.tasks().waiting().stream()
                                .anyMatch(task ->
                                        task.run().equals(run.toString())
                                                && task.attempt() == event.attempt()));
        if (!sent) {
            throw new AssertionError(
                    "seq %d: expected %s, for which the engine has sent no task"
                            .formatted(event.seq(), event));
        }
        String worker = event.text("worker");
        int at = worker.lastIndexOf('@');
        if (at > 0 && worker.substring(at + 1).matches("[0-9]{1,18}")) {
            outrun.keepAlive(
                    new Heartbeat(
                            worker.substring(0, at),
                            Long.parseLong(worker.substring(at + 1)),
                            false));
        }
        ledger.claim(run, event.attempt(), worker);
    }

    private void fail(Recorded event) {
        JsonNode error = event.data().path("error");
        switch (error.path("code").asText("")) {
            case AttemptFailed.ATTEMPT_TIMEOUT -> decides(event);
            // How its worker was lost is not in the log, only that it was.
            case AttemptFailed.ATTEMPT_LOST ->
                    ledger.record(
                            new Decision.AttemptLost(
                                    run.toString(),
                                    event.attempt(),
                                    error.path("message").asText()));
            default ->
                    ledger.fail(
                            run,
                            event.attempt(),
                            error.toString(),
                            event.data().path("retryable").asBoolean());
        }
    }

    private void suspend(Recorded event) {
        Wake wake =
                new Wake(
                        time(event.data().path("until")),
                        optional(event, "signal"),
                        optional(event, "children"));
        ledger.suspend(run, event.attempt(), wake, null);
    }

    private void resume(Recorded event) {
        switch (event.text("by")) {
            case "request" -> ledger.resume(run);
            case "time" -> decides(event);
            default -> {
                // By a signal or its children: then it has been resumed by the event before.
            }
        }
    }

    /** Its worker says so once it has been interrupted, unless the engine has to. */
    private void cancelled(Recorded event) {
        boolean live = ledger.run(run).orElseThrow().status() == RunStatus.RUNNING;
        if (live && !decides(event)) {
            boolean sent =
                    outrun.interrupts().waiting().stream()
                            .anyMatch(interrupt -> interrupt.run().equals(run.toString()));
            if (!sent) {
                throw new AssertionError(
                        "seq %d: expected %s, for which the engine has sent no interrupt"
                                .formatted(event.seq(), event));
            }
            ledger.fail(run, event.attempt(), "{\"code\":\"cancelled\"}", false);
        }
    }

    private void startChild(Recorded event) {
        RunId child = RunId.parse(event.text("child"));
        ledger.start(
                StartRun.with(event.text("handler"), "null")
                        .id(child)
                        .tenant(ledger.run(run).orElseThrow().tenant())
                        .queue(event.text("queue"))
                        .child(new StartRun.Child(run, failsParent(child), true))
                        .build());
    }

    private boolean failsParent(RunId child) {
        return exported.events().stream()
                .filter(event -> event.type().equals(EventTypes.FAILED))
                .map(event -> event.data().path("error"))
                .anyMatch(error ->
                        error.path("code").asText().equals("child_failed")
                                && error.path("message").asText().contains(child.toString()));
    }

    private void endChild(JsonNode ended) {
        RunId child = RunId.parse(ended.path("child").asText());
        JsonNode result = ended.path("result");
        switch (ended.path("status").asText()) {
            case "completed" -> {
                ledger.claim(child, 1, "replay");
                ledger.complete(child, 1, result.path("output").toString());
            }
            case "failed" -> {
                ledger.claim(child, 1, "replay");
                ledger.fail(child, 1, result.path("error").toString(), false);
                ledger.record(new Decision.Fail(child.toString(), 1));
            }
            default -> ledger.cancel(child, result.path("reason").asText(null));
        }
    }

    private void append(Recorded event) {
        boolean live = ledger.run(run).orElseThrow().status() == RunStatus.RUNNING;
        String data = event.data().toString();
        ledger.append(
                run,
                live ? event.attempt() : null,
                "[{\"type\":\"" + event.type() + "\",\"data\":" + data + "}]");
    }

    /** Has the engine's decisions recorded until the log goes on; false if it does not. */
    private boolean decides(Recorded event) {
        return comesAhead(() -> {
            while (found(event.seq()) == null && outrun.step(Part.RECORDER)) {
                // One after the other: those that have been overtaken are passed over.
            }
            return found(event.seq()) != null;
        });
    }

    /** Whether it is so, now or when the engine's clock is a little further. */
    private boolean comesAhead(BooleanSupplier what) {
        for (int look = 0; !what.getAsBoolean(); look++) {
            if (look == LOOKS_AHEAD) {
                return false;
            }
            outrun.lookAhead();
        }
        return true;
    }

    private static @Nullable String optional(Recorded event, String field) {
        return event.data().path(field).asText(null);
    }

    private static @Nullable Instant time(JsonNode time) {
        return time.isTextual() ? Instant.parse(time.asText()) : null;
    }

    private static @Nullable Long number(JsonNode number) {
        return number.isNumber() ? (Long) number.asLong() : null;
    }
}
