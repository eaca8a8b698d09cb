package dev.outrun.worker;

import dev.outrun.ledger.HookedLedger;
import dev.outrun.ledger.Ledger;
import dev.outrun.ledger.StartRun;
import dev.outrun.ledger.memory.InMemoryLedger;
import dev.outrun.schema.event.Event;
import dev.outrun.schema.event.PlatformEvent;
import dev.outrun.schema.run.RunId;
import dev.outrun.schema.work.Decision;
import dev.outrun.schema.work.Task;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;

/**
 * A worker's world without Kafka and Postgres: a ledger in memory whose events come back as tasks
 * and decisions, as the engine would make them, at once.
 */
final class Loopback implements AutoCloseable {

    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final int ATTEMPTS_MAX = 3;

    final InMemoryLedger ledger = new InMemoryLedger(InstantSource.system(), this::hear);
    final BlockingQueue<Task> tasks = new LinkedBlockingQueue<>();
    final QueueTasks source = new QueueTasks(tasks);
    final HeldSignals signals = new HeldSignals();
    private final List<Event> heard = new ArrayList<>();
    private final List<Worker> workers = new ArrayList<>();

    /** A worker whose handlers emit without delay, and are not waited for at its end. */
    static WorkerConfig config() {
        return new WorkerConfig("w1", 1, 4, Duration.ZERO, Duration.ZERO);
    }

    Worker worker(String name, RunHandler handler) {
        return worker(config(), (method, arguments, call) -> call.run(), Map.of(name, handler));
    }

    Worker worker(WorkerConfig config, String name, RunHandler handler) {
        return worker(config, (method, arguments, call) -> call.run(), Map.of(name, handler));
    }

    Worker worker(WorkerConfig config, HookedLedger.Hook hook, Map<String, RunHandler> handlers) {
        Ledger hooked = HookedLedger.of(ledger, hook);
        Worker worker = Worker.start(config, hooked, signals, List.of(source), handlers);
        workers.add(worker);
        return worker;
    }

    RunId start(String handler, String input) {
        ledger.registerHandlers(List.of(handler));
        return ledger.start(StartRun.of(handler, input));
    }

    /** Waits until the run's log has an event of this type, and returns it. */
    synchronized Event await(RunId run, String type) throws InterruptedException {
        long until = System.nanoTime() + PATIENCE.toNanos();
        while (true) {
            for (Event event : heard) {
                if (event.run().equals(run) && event.type().equals(type)) {
                    return event;
                }
            }
            long left = Duration.ofNanos(until - System.nanoTime()).toMillis();
            if (left <= 0) {
                throw new AssertionError("no " + type + " in " + log(run));
            }
            wait(left);
        }
    }

    /** The log, one line per event: attempt, type, data. */
    List<String> log(RunId run) {
        return ledger.events(run, 0, Integer.MAX_VALUE).stream()
                .map(event -> event.attempt() + " " + event.type() + " " + data(event))
                .toList();
    }

    static String data(Event event) {
        return new String(event.data(), StandardCharsets.UTF_8);
    }

    private void hear(int shard, Event event) {
        PlatformEvent said = PlatformEvent.of(event.type(), event.data());
        if (said instanceof PlatformEvent.Requested) {
            dispatch(event.run(), 1);
        } else if (said instanceof PlatformEvent.AttemptFailed failed) {
            decide(event, failed.retryable() && event.attempt() < ATTEMPTS_MAX);
        } else if (said instanceof PlatformEvent.Resumed resumed) {
            dispatch(event.run(), resumed.attempt());
        }
        synchronized (this) {
            heard.add(event);
            notifyAll();
        }
    }

    private void decide(Event failure, boolean again) {
        String run = failure.run().toString();
        if (again) {
            ledger.record(new Decision.Retry(run, failure.attempt(), Instant.EPOCH));
            dispatch(failure.run(), failure.attempt() + 1);
        } else {
            ledger.record(new Decision.Fail(run, failure.attempt()));
        }
    }

    private void dispatch(RunId run, int attempt) {
        String handler = ledger.run(run).orElseThrow().handler();
        tasks.add(new Task(run.toString(), attempt, "default", "default", handler));
    }

    @Override
    public void close() {
        workers.forEach(Worker::close);
    }
}
