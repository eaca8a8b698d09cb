package dev.outrun.engine.run;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.outrun.schema.event.Event;
import dev.outrun.schema.run.RunId;
import dev.outrun.schema.work.Decision;
import dev.outrun.schema.work.Interrupt;
import dev.outrun.schema.work.RunView;
import dev.outrun.schema.work.Task;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** One run's log, written as the ledger writes it; each event goes to a reader at once. */
public final class TestLog {

    private final RunId run;
    private final InstantSource clock;
    private final Consumer<Event> reader;
    private final List<Event> events = new ArrayList<>();
    private String queue = "default";
    private int attempt;

    public TestLog(String name, InstantSource clock, Consumer<Event> reader) {
        this.run = new RunId(UUID.nameUUIDFromBytes(name.getBytes(UTF_8)));
        this.clock = clock;
        this.reader = reader;
    }

    public RunId run() {
        return run;
    }

    public TestLog inQueue(String other) {
        queue = other;
        return this;
    }

    public void requested() {
        requestedWith("");
    }

    public void requestedWithPriority(int priority) {
        requestedWith(",\"priority\":" + priority);
    }

    public void requestedWithKey(String key) {
        requestedWith(",\"concurrency_key\":\"" + key + "\"");
    }

    public void requestedWaitingFor(String children) {
        requestedWith(",\"wait_for\":\"" + children + "\"");
    }

    public void childStarted() {
        write("run.child.started", "{\"child\":\"x\",\"queue\":\"q\",\"handler\":\"h\"}");
    }

    public void childEnded() {
        write("run.child.ended", "{\"child\":\"x\",\"status\":\"completed\",\"result\":{}}");
    }

    /** With timeouts in milliseconds, of the run and of each attempt; 0 is none. */
    public void requestedWithTimeouts(long run, long attempt) {
        requestedWithRetryAndTimeouts("{}", run, attempt);
    }

    public void requestedWithRetryAndTimeouts(String retry, long run, long attempt) {
        requestedWith(
                ",\"retry\":"
                        + retry
                        + (run == 0 ? "" : ",\"timeout_ms\":" + run)
                        + (attempt == 0 ? "" : ",\"attempt_timeout_ms\":" + attempt));
    }

    public void requestedBy(String handler) {
        requested(handler, "");
    }

    public void requestedByWithKey(String handler, String key) {
        requested(handler, ",\"concurrency_key\":\"" + key + "\"");
    }

    public void requestedFor(Instant runAt) {
        requestedWith(",\"run_at\":\"" + runAt + "\"");
    }

    public void requestedWithRetry(String retry) {
        requestedWith(",\"retry\":" + retry);
    }

    private void requestedWith(String more) {
        requested("echo", more);
    }

    private void requested(String handler, String more) {
        write(
                "run.requested",
                "{\"handler\":\""
                        + handler
                        + "\",\"queue\":\""
                        + queue
                        + "\",\"tenant\":\"default\""
                        + more
                        + ",\"input\":[1]}");
    }

    /** The next attempt starts. */
    public void started(String claimant) {
        attempt++;
        write("run.attempt.started", "{\"worker\":\"" + claimant + "\"}");
    }

    public void failed() {
        failed("{\"message\":\"no luck\"}", true);
    }

    public void failedForGood() {
        failed("{\"code\":\"bad_input\"}", false);
    }

    public void lost() {
        failed("{\"code\":\"attempt_lost\"}", true);
    }

    public void handedBack() {
        failed("{\"code\":\"worker_stopped\"}", true);
    }

    private void failed(String error, boolean retryable) {
        write("run.attempt.failed", "{\"error\":" + error + ",\"retryable\":" + retryable + "}");
    }

    public void retryScheduled(Instant at) {
        write("run.retry.scheduled", "{\"attempt\":" + (attempt + 1) + ",\"at\":\"" + at + "\"}");
    }

    public void timedOut() {
        failed("{\"code\":\"attempt_timeout\"}", true);
    }

    /** The attempt gives its worker back until this time; null: until a signal. */
    public void suspended(@Nullable Instant until) {
        write(
                "run.suspended",
                until == null ? "{\"signal\":\"s\"}" : "{\"until\":\"" + until + "\"}");
    }

    public void signalReceived() {
        write("run.signal.received", "{\"name\":\"s\",\"data\":1}");
    }

    public void resumed() {
        write("run.resumed", "{\"attempt\":" + (attempt + 1) + ",\"by\":\"time\"}");
    }

    public void forked() {
        write("run.forked", "{\"from\":\"x\",\"at\":1,\"attempt\":" + (attempt + 1) + "}");
    }

    public void cancelRequested() {
        write("run.cancel.requested", "{}");
    }

    public void completed() {
        write("run.completed", "{\"output\":1}");
    }

    public void failedRun() {
        write("run.failed", "{\"error\":null}");
    }

    public void cancelled() {
        write("run.cancelled", "{}");
    }

    /** An event of a user's, or whatever. */
    public void write(String type, String data) {
        Event event =
                new Event(run, events.size(), type, attempt, clock.instant(), data.getBytes(UTF_8));
        events.add(event);
        reader.accept(event);
    }

    /** An event is written that its reader never gets: a hole. */
    public void writeUnseen(String type) {
        events.add(new Event(run, events.size(), type, attempt, clock.instant(), new byte[0]));
    }

    /** Its reader gets events again, from this seq to the end. */
    public void replayFrom(int seq) {
        List.copyOf(events.subList(seq, events.size())).forEach(reader);
    }

    /** The time of the last event. */
    public Instant lastTime() {
        return events.getLast().time();
    }

    public Task task(int of) {
        return new Task(run.toString(), of, "default", queue, "echo");
    }

    public Decision.OfRun retry(int of, Instant at) {
        return new Decision.Retry(run.toString(), of, at);
    }

    public Decision.OfRun attemptLost(int of, String reason) {
        return new Decision.AttemptLost(run.toString(), of, reason);
    }

    public Decision.OfRun fail(int of) {
        return new Decision.Fail(run.toString(), of);
    }

    public Decision.OfRun cancel(int of) {
        return new Decision.Cancel(run.toString(), of);
    }

    public Decision.OfRun attemptTimedOut(int of) {
        return new Decision.AttemptTimedOut(run.toString(), of);
    }

    public Decision.OfRun timedOut(int of) {
        return new Decision.TimedOut(run.toString(), of);
    }

    public Decision.OfRun resume(int of) {
        return new Decision.Resume(run.toString(), of);
    }

    public Decision.OfRun endChildren(int of) {
        return new Decision.EndChildren(run.toString(), of);
    }

    public Interrupt interrupt(int of) {
        return new Interrupt(run.toString(), of);
    }

    /** How the run stands as of its last event. */
    public RunView view(String status) {
        return new RunView(
                run.toString(),
                "default",
                queue,
                "echo",
                status,
                attempt,
                events.size() - 1,
                lastTime());
    }
}
