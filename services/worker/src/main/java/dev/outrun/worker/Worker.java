package dev.outrun.worker;

import dev.outrun.ledger.AttemptLedger;
import dev.outrun.ledger.Claim;
import dev.outrun.schema.error.ErrorCode;
import dev.outrun.schema.error.OutrunException;
import dev.outrun.schema.run.RunId;
import dev.outrun.schema.work.Interrupt;
import dev.outrun.schema.work.Task;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes attempts: takes tasks, claims them in the ledger, runs their handlers, and shows that it
 * lives. Bounded by its places; every attempt has two virtual threads.
 */
public final class Worker implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(Worker.class);

    /** How long a task may wait here for a place that others have taken in the meantime. */
    private static final Duration PLACE_WAIT = Duration.ofSeconds(2);

    /** How long an interrupted handler has to end when the worker is closed. */
    private static final Duration INTERRUPTED_MAX = Duration.ofSeconds(2);

    /** How long attempts have to be handed back after that. */
    private static final Duration HAND_BACK_MAX = Duration.ofSeconds(3);

    private static final Duration FIRST_RETRY = Duration.ofMillis(100);

    private final WorkerConfig config;
    private final AttemptLedger ledger;
    private final WorkerSignals signals;
    private final List<TaskSource> sources;
    private final Map<String, RunHandler> handlers;
    private final Semaphore places;
    private final Map<Attempt.Key, Attempt> live = new ConcurrentHashMap<>();
    private final AtomicBoolean closing = new AtomicBoolean();
    private final CountDownLatch givenUp = new CountDownLatch(1);
    private final UntilAnswered untilAnswered = new UntilAnswered(FIRST_RETRY, givenUp);

    private Worker(
            WorkerConfig config,
            AttemptLedger ledger,
            WorkerSignals signals,
            List<TaskSource> sources,
            Map<String, RunHandler> handlers) {
        this.config = config;
        this.ledger = ledger;
        this.signals = signals;
        this.sources = List.copyOf(sources);
        this.handlers = Map.copyOf(handlers);
        this.places = new Semaphore(config.concurrency());
    }

    /**
     * Starts a worker that owns its signals and sources; returns when it takes tasks. Whatever was
     * started is closed again if it cannot.
     *
     * @throws OutrunException {@code unavailable} if ledger or Kafka do not answer, {@code
     *     invalid_request} for a handler without a proper name
     */
    public static Worker start(
            WorkerConfig config,
            AttemptLedger ledger,
            WorkerSignals signals,
            List<TaskSource> sources,
            Map<String, RunHandler> handlers) {
        Worker worker = new Worker(config, ledger, signals, sources, handlers);
        try {
            ledger.registerHandlers(worker.handlers.keySet());
            // Before the first task: nothing that is to stop may be missed.
            signals.start(worker::interrupt);
            for (TaskSource source : worker.sources) {
                source.start(worker.new Desk());
            }
        } catch (RuntimeException e) {
            worker.close();
            throw e;
        }
        log.info("worker started worker={} handlers={}", config.claimant(), handlers.keySet());
        return worker;
    }

    /** What keeps it from working; empty while all is well. */
    public Optional<String> problem() {
        return Stream.concat(
                        Stream.of(signals.problem()), sources.stream().map(TaskSource::problem))
                .flatMap(Optional::stream)
                .findFirst();
    }

    /** How many attempts it makes at the moment. */
    public int running() {
        return config.concurrency() - places.availablePermits();
    }

    private void interrupt(Interrupt interrupt) {
        Attempt attempt =
                live.get(new Attempt.Key(RunId.parse(interrupt.run()), interrupt.attempt()));
        if (attempt != null) {
            attempt.stop(Stop.CANCELLED);
        }
    }

    /**
     * Takes no more tasks, lets handlers end within the grace, interrupts the others, hands their
     * attempts back and says that it leaves. Bounded by the grace, its sources' and signals' own
     * bounds and some seconds. Again: nothing.
     */
    @Override
    public void close() {
        if (!closing.compareAndSet(false, true)) {
            return;
        }
        sources.forEach(TaskSource::close);
        try {
            if (!allEndWithin(config.closeGrace())) {
                live.values().forEach(attempt -> attempt.stop(Stop.WORKER_STOPPED));
                if (!allEndWithin(INTERRUPTED_MAX)) {
                    live.values().forEach(Attempt::abandon);
                    allEndWithin(HAND_BACK_MAX);
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            givenUp.countDown();
            signals.close();
        }
        log.info("worker closed worker={} left={}", config.claimant(), live.keySet());
    }

    private boolean allEndWithin(Duration wait) throws InterruptedException {
        if (places.tryAcquire(config.concurrency(), wait.toNanos(), TimeUnit.NANOSECONDS)) {
            places.release(config.concurrency());
            return true;
        }
        return false;
    }

    private final class Desk implements TaskDesk {

        @Override
        public Set<String> handlers() {
            return handlers.keySet();
        }

        @Override
        public boolean awaitPlace(Duration wait) throws InterruptedException {
            boolean free = places.tryAcquire(wait.toNanos(), TimeUnit.NANOSECONDS);
            if (free) {
                places.release();
            }
            return free && !closing.get();
        }

        @Override
        public Answer offer(Task task) throws InterruptedException {
            Attempt.Key key = new Attempt.Key(RunId.parse(task.run()), task.attempt());
            RunHandler handler = handlers.get(task.handler());
            if (handler == null) {
                return Answer.NO_HANDLER;
            }
            if (closing.get() || !places.tryAcquire(PLACE_WAIT.toNanos(), TimeUnit.NANOSECONDS)) {
                return Answer.NOT_HERE;
            }
            Attempt attempt = new Attempt(key, config, handler, ledger, untilAnswered);
            if (live.putIfAbsent(key, attempt) != null) {
                places.release();
                return Answer.REFUSED;
            }
            return claim(key, attempt);
        }

        private Answer claim(Attempt.Key key, Attempt attempt) {
            Optional<Claim> claim;
            try {
                claim = attempt.claim();
            } catch (OutrunException e) {
                return unclaimed(key, attempt, e);
            }
            if (claim.isEmpty()) {
                free(key);
                return Answer.REFUSED;
            }
            keep(key, attempt, claim.get());
            return Answer.TAKEN;
        }

        private Answer unclaimed(Attempt.Key key, Attempt attempt, OutrunException e) {
            log.warn("claim not answered {} code={}", key, e.code());
            if (e.code().kind() == ErrorCode.Kind.USER) {
                free(key);
                return Answer.REFUSED;
            }
            askAgain(key, attempt);
            return Answer.UNAVAILABLE;
        }
    }

    /**
     * The claim may have been committed all the same: then nobody but this worker may make the
     * attempt, and the engine waits for it.
     */
    private void askAgain(Attempt.Key key, Attempt attempt) {
        keeper(
                key,
                () -> {
                    Optional<Optional<Claim>> answer = untilAnswered.ask(key, attempt::claim);
                    if (answer.isPresent() && answer.get().isPresent()) {
                        attempt.keep(answer.get().get());
                    }
                });
    }

    private void keep(Attempt.Key key, Attempt attempt, Claim claim) {
        keeper(key, () -> attempt.keep(claim));
    }

    private interface Keeping {
        void run() throws InterruptedException;
    }

    private void keeper(Attempt.Key key, Keeping keeping) {
        Thread.ofVirtual()
                .name("keeper-" + key.run() + "-" + key.number())
                .start(() -> {
                    try {
                        keeping.run();
                    } catch (InterruptedException e) {
                        // Nobody interrupts a keeper; if it happens, its thread ends here.
                        log.warn("keeper interrupted {}", key);
                    } catch (RuntimeException e) {
                        log.error("keeper failed {}", key, e);
                    } finally {
                        free(key);
                    }
                });
    }

    private void free(Attempt.Key key) {
        live.remove(key);
        places.release();
    }
}
