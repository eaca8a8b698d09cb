package dev.outrun.testkit.simulation;

import dev.outrun.schema.event.Event;
import dev.outrun.schema.event.EventTypes;
import dev.outrun.schema.event.PlatformEvent;
import dev.outrun.schema.json.WireJson;
import dev.outrun.schema.queue.QueueSettings;
import dev.outrun.schema.queue.QueueSettings.Mode;
import dev.outrun.schema.queue.QueueSettings.Rate;
import dev.outrun.schema.run.RunId;
import dev.outrun.schema.schedule.Passed;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What must be so at every event, whatever has happened: a small model of runs and queues that
 * hears of each event as it is committed, and knows nothing of how they come to be.
 */
final class Laws {

    /** One attempt, as its handler has seen it. */
    private record Call(RunId run, int attempt) {}

    private final Map<RunId, RunLaws> runs = new LinkedHashMap<>();
    private final Map<RunId, Long> controlLogs = new HashMap<>();
    private final Map<RunId, Instant> passed = new HashMap<>();
    private final Map<String, QueueSettings> queues = new HashMap<>();
    private final Map<String, List<Instant>> starts = new HashMap<>();
    private final Set<Call> calls = new HashSet<>();
    private final List<String> broken = new ArrayList<>();
    private final Set<RunId> firstStarts = new LinkedHashSet<>();
    private boolean copying;
    private int events;

    /** What was broken, in the order it was. */
    List<String> broken() {
        return broken;
    }

    int events() {
        return events;
    }

    /** Every run there has been, the oldest first. */
    Map<RunId, RunLaws> runs() {
        return runs;
    }

    /** These, by when their first attempts started; without those that have had none. */
    List<RunLaws> inOrderOfTheirStarts(List<RunLaws> these) {
        return firstStarts.stream().map(runs::get).filter(these::contains).toList();
    }

    /** From now on events are copies of others', until {@code run.forked}; or not any more. */
    void copying(boolean yes) {
        copying = yes;
    }

    /** A queue keeps to this from now on. */
    void changed(QueueSettings settings) {
        QueueSettings before = queues.put(settings.queue(), settings);
        if (before == null || before.rate() == null || !before.rate().equals(settings.rate())) {
            starts.remove(settings.queue()); // of another rate's starts nobody has to know
        }
    }

    /** A handler was called. */
    void called(RunId run, int attempt) {
        expect(calls.add(new Call(run, attempt)), run, "attempt " + attempt + " is made twice");
    }

    void expect(boolean so, Object of, String otherwise) {
        if (!so) {
            broken.add(of + ": " + otherwise);
        }
    }

    /** An event was committed. */
    void committed(Event event) {
        events++;
        RunId id = event.run();
        if (controlLogs.containsKey(id) || EventTypes.isOfControl(event.type())) {
            ofControl(event);
            return;
        }
        RunLaws run = runs.get(id);
        if (run == null) {
            expect(event.seq() == 0, id, "its log begins with seq " + event.seq());
            if (!(PlatformEvent.of(event.type(), event.data())
                    instanceof PlatformEvent.Requested requested)) {
                broken.add(id + ": its log begins with " + event.type());
                return;
            }
            runs.put(id, new RunLaws(id, requested, event.time()));
            return;
        }
        expect(event.seq() == run.seq + 1, id, "seq " + event.seq() + " follows " + run.seq);
        expect(!run.closed, id, event.type() + " follows its end");
        run.seq = event.seq();
        follow(run, event);
    }

    private void ofControl(Event event) {
        Long before = controlLogs.put(event.run(), event.seq());
        expect(
                event.seq() == (before == null ? 0 : before + 1),
                event.run(),
                "seq " + event.seq() + " follows " + before);
        if (event.type().equals(EventTypes.SCHEDULE_FIRED)) {
            Instant at = WireJson.read(event.data(), Passed.class).at();
            Instant last = passed.put(event.run(), at);
            expect(last == null || last.isBefore(at), event.run(), at + " fires after " + last);
            expect(!at.isAfter(event.time()), event.run(), at + " fires at " + event.time());
        }
    }

    private void follow(RunLaws run, Event event) {
        switch (PlatformEvent.of(event.type(), event.data())) {
            case null ->
                    expect(copying || run.live, run, "emits " + event.type() + " while not live");
            case PlatformEvent.Requested again -> broken.add(run + ": is requested twice");
            case PlatformEvent.Forked forked -> run.forked(forked.attempt(), event.time());
            case PlatformEvent.AttemptStarted started -> started(run, event);
            case PlatformEvent.AttemptFailed failed -> {
                expect(run.live, run, "fails while not live");
                run.failed(failed, event.time());
            }
            case PlatformEvent.RetryScheduled scheduled -> {
                expect(run.mayRetry(), run, "is tried again after " + run.failures + " failures");
                expect(scheduled.attempt() == run.attempt + 1, run, "retries as " + scheduled);
                expect(!run.live && !run.suspended, run, "is tried again while it goes on");
                expect(!run.retryDecided, run, "is told twice to try again");
                run.retryDecided = true;
                run.notBefore = scheduled.at();
            }
            case PlatformEvent.Suspended suspended -> {
                expect(run.live, run, "is suspended while not live");
                run.live = false;
                run.suspended = true;
                run.until = suspended.until();
                run.awaited = text(event, "children");
            }
            case PlatformEvent.Resumed resumed -> {
                expect(run.suspended, run, "goes on, and was not suspended");
                expect(resumed.attempt() == run.attempt + 1, run, "goes on as " + resumed);
                Instant until = run.until;
                expect(
                        !text(event, "by").equals("time")
                                || (until != null && !event.time().isBefore(until)),
                        run,
                        "goes on before " + until);
                expect(
                        !text(event, "by").equals("children") || run.hasAwaited(),
                        run,
                        "goes on before its children");
                run.suspended = false;
                run.notBefore = event.time();
            }
            case PlatformEvent.SignalReceived signal -> {}
            case PlatformEvent.ChildStarted child -> run.children++;
            case PlatformEvent.ChildEnded child -> {
                run.childrenEnded++;
                expect(run.childrenEnded <= run.children, run, "has more ends than children");
            }
            case PlatformEvent.CancelRequested asked -> {
                expect(!run.cancelRequested, run, "is cancelled twice");
                run.cancelRequested = true;
            }
            case PlatformEvent.Completed completed -> {
                expect(run.live, run, "completes while not live");
                run.close(event.time());
            }
            case PlatformEvent.Failed failed -> {
                String code = code(event);
                expect(
                        !run.mayRetry()
                                || code.equals("run_timeout")
                                || code.equals("child_failed"),
                        run,
                        "fails with " + code + " after " + run.failures + " failures");
                expect(!code.equals("run_timeout") || run.isOver(event.time()), run, "is in time");
                run.close(event.time());
            }
            case PlatformEvent.Cancelled cancelled -> {
                expect(run.cancelRequested, run, "is cancelled unasked");
                run.close(event.time());
            }
        }
    }

    /** A field of an event's data, empty where there is none. */
    private static String text(Event event, String field) {
        Object value = WireJson.read(event.data(), Map.class).get(field);
        return value == null ? "" : value.toString();
    }

    private static String code(Event event) {
        return WireJson.read(event.data(), Map.class).get("error") instanceof Map<?, ?> error
                ? String.valueOf(error.get("code"))
                : "";
    }

    private void started(RunLaws run, Event event) {
        int attempt = event.attempt();
        expect(attempt == run.attempt + 1, run, "attempt " + attempt + " after " + run.attempt);
        expect(!run.live, run, "attempt " + attempt + " while one is live");
        expect(!run.suspended, run, "attempt " + attempt + " while it is suspended");
        if (!copying) {
            expect(!run.cancelRequested, run, "attempt " + attempt + " after its cancellation");
            expect(
                    !event.time().isBefore(run.notBefore),
                    run,
                    "attempt " + attempt + " at " + event.time() + ", before " + run.notBefore);
            QueueSettings queue = queues.get(run.request.queue());
            if (queue != null) {
                admitted(run, attempt, queue, event.time());
            }
        }
        firstStarts.add(run.id);
        run.started(attempt, event.time());
    }

    private void admitted(RunLaws run, int attempt, QueueSettings queue, Instant now) {
        expect(queue.mode() != Mode.PAUSED, run, "starts in a queue that is paused");
        expect(queue.mode() != Mode.DRAINING || attempt > 1, run, "begins in a queue that drains");
        Integer most = queue.concurrency();
        long live = live(queue.queue(), null);
        expect(most == null || live < most, run, "is one more than " + live + " of " + most);
        String key = run.request.concurrencyKey();
        Integer mostOfKey = queue.concurrencyPerKey();
        if (key != null && mostOfKey != null) {
            long ofKey = live(queue.queue(), key);
            expect(ofKey < mostOfKey, run, "is one more than " + ofKey + " of key " + key);
        }
        Rate rate = queue.rate();
        if (rate != null) {
            List<Instant> earlier = starts.computeIfAbsent(queue.queue(), _ -> new ArrayList<>());
            Instant since = now.minus(rate.per());
            long within = earlier.stream().filter(each -> each.isAfter(since)).count();
            expect(within < rate.limit(), run, "is one more than " + within + " in " + rate);
            earlier.add(now);
        }
    }

    private long live(String queue, @Nullable String key) {
        return runs.values().stream()
                .filter(run -> run.live && run.request.queue().equals(queue))
                .filter(run -> key == null || key.equals(run.request.concurrencyKey()))
                .count();
    }
}
