package dev.outrun.worker.http;

import dev.outrun.ledger.Claim;
import dev.outrun.schema.error.OutrunException;
import dev.outrun.schema.event.PlatformEvent;
import dev.outrun.schema.json.RawJson;
import dev.outrun.schema.json.WireJson;
import dev.outrun.schema.run.RunId;
import dev.outrun.schema.work.Task;
import dev.outrun.worker.TaskDesk;
import dev.outrun.worker.TaskSource;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Leases tasks, one after the other, while the worker has a place. */
final class HttpTasks implements TaskSource {

    private static final Logger log = LoggerFactory.getLogger(HttpTasks.class);

    private static final Duration PLACE_WAIT = Duration.ofSeconds(1);
    private static final Duration LEASE_WAIT = Duration.ofSeconds(20);
    private static final Duration PAUSE = Duration.ofSeconds(1);
    private static final Duration CLOSE_MAX = Duration.ofSeconds(5);

    private static final String UNHEARD =
            "{\"code\":\""
                    + PlatformEvent.AttemptFailed.WORKER_STOPPED
                    + "\",\"message\":\"the worker has no place for it\"}";

    private final HttpCalls calls;
    private final HttpAttempts attempts;
    private final String worker;
    private final CountDownLatch closing = new CountDownLatch(1);
    private volatile @Nullable Thread thread;
    private volatile Optional<String> problem = Optional.of("tasks not started");

    /**
     * @param worker its name, for people
     */
    HttpTasks(HttpCalls calls, HttpAttempts attempts, String worker) {
        this.calls = calls;
        this.attempts = attempts;
        this.worker = worker;
    }

    private record Ask(String worker, List<String> handlers, long waitMs) {}

    private record Leave(String worker) {}

    @Override
    public void start(TaskDesk desk) {
        List<String> handlers = desk.handlers().stream().sorted().toList();
        // Once this has returned, runs of the handlers may be started.
        Optional<Task> first = lease(new Ask(worker, handlers, 0));
        problem = Optional.empty();
        thread =
                Thread.ofPlatform()
                        .name("tasks-" + worker)
                        .daemon()
                        .start(() -> run(desk, handlers, first));
    }

    @Override
    public Optional<String> problem() {
        return problem;
    }

    @Override
    public void close() {
        closing.countDown();
        Thread leasing = thread;
        if (leasing == null) {
            return;
        }
        try {
            calls.post("/v1/tasks/leave", WireJson.write(new Leave(worker)), CLOSE_MAX);
        } catch (OutrunException e) {
            log.info("its waits end by themselves worker={} code={}", worker, e.code());
        }
        try {
            if (!leasing.join(CLOSE_MAX)) {
                leasing.interrupt();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void run(TaskDesk desk, List<String> handlers, Optional<Task> first) {
        try {
            if (first.isPresent()) {
                offer(desk, first.get());
            }
            Ask ask = new Ask(worker, handlers, LEASE_WAIT.toMillis());
            while (closing.getCount() > 0) {
                if (desk.awaitPlace(PLACE_WAIT)) {
                    leaseAndOffer(desk, ask);
                }
            }
        } catch (InterruptedException e) {
            log.debug("tasks interrupted worker={}", worker);
        } catch (RuntimeException e) {
            problem = Optional.of("no tasks: " + e.getClass().getSimpleName());
            log.error("tasks not taken any more", e);
        }
    }

    private void leaseAndOffer(TaskDesk desk, Ask ask) throws InterruptedException {
        Optional<Task> leased;
        try {
            leased = lease(ask);
            problem = Optional.empty();
        } catch (OutrunException e) {
            problem = Optional.of("no tasks: " + e.getMessage());
            log.warn("no lease worker={} code={} reason={}", worker, e.code(), e.getMessage());
            if (closing.await(PAUSE.toMillis(), TimeUnit.MILLISECONDS)) {
                log.debug("closed while it paused");
            }
            return;
        }
        if (leased.isPresent()) {
            offer(desk, leased.get());
        }
    }

    private Optional<Task> lease(Ask ask) {
        Duration patience = Duration.ofMillis(ask.waitMs()).plus(HttpCalls.ANSWER_MAX);
        String answer = calls.post("/v1/tasks/lease", WireJson.write(ask), patience);
        List<String> tasks = RawJson.elements(HttpAttempts.field(RawJson.fields(answer), "tasks"));
        return tasks.isEmpty() ? Optional.empty() : Optional.of(leased(tasks.getFirst()));
    }

    private Task leased(String json) {
        Map<String, String> fields = RawJson.fields(json);
        Task task = WireJson.read(json.getBytes(StandardCharsets.UTF_8), Task.class);
        attempts.lease(
                new HttpAttempts.Key(RunId.parse(task.run()), task.attempt()),
                new Claim(
                        task.tenant(),
                        task.queue(),
                        task.handler(),
                        HttpAttempts.field(fields, "input"),
                        Long.parseLong(HttpAttempts.field(fields, "next_seq"))));
        return task;
    }

    private void offer(TaskDesk desk, Task task) throws InterruptedException {
        if (closing.getCount() > 0 && desk.offer(task) == TaskDesk.Answer.TAKEN) {
            return;
        }
        try {
            attempts.fail(RunId.parse(task.run()), task.attempt(), UNHEARD, true);
        } catch (OutrunException e) {
            // It is lost for its silence, then.
            log.info("attempt not handed back run={} code={}", task.run(), e.code());
        }
    }
}
