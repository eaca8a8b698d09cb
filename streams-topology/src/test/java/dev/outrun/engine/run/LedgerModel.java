package dev.outrun.engine.run;

import dev.outrun.schema.event.Event;
import dev.outrun.schema.run.RunStatus;
import dev.outrun.schema.work.Decision;
import dev.outrun.schema.work.Task;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** One run as the ledger's SQL functions keep it: what is conditional there is conditional here. */
final class LedgerModel {

    final List<Event> log = new ArrayList<>();
    private final TestLog writer;
    RunStatus status = RunStatus.QUEUED;
    int attempt;
    String worker = "";
    private boolean cancelRequested;
    private boolean retryRecorded;

    LedgerModel(InstantSource clock, int maxAttempts, long timeoutMs, long attemptTimeoutMs) {
        writer = new TestLog("model", clock, log::add);
        writer.requestedWithRetryAndTimeouts(
                "{\"max_attempts\":" + maxAttempts + ",\"delay_ms\":1000}",
                timeoutMs,
                attemptTimeoutMs);
    }

    boolean claim(Task task, String claimant) {
        boolean waits = status == RunStatus.QUEUED || status == RunStatus.RETRYING;
        if (!waits || task.attempt() != attempt + 1) {
            return false;
        }
        attempt++;
        status = RunStatus.RUNNING;
        worker = claimant;
        retryRecorded = false;
        writer.started(claimant);
        return true;
    }

    void say() {
        if (!status.isTerminal()) {
            writer.write("token.delta", "1");
        }
    }

    void complete() {
        if (status == RunStatus.RUNNING) {
            status = RunStatus.COMPLETED;
            writer.completed();
        }
    }

    void fail(Runnable failure) {
        if (status != RunStatus.RUNNING) {
            return;
        }
        if (cancelRequested) {
            end(RunStatus.CANCELLED);
        } else {
            status = RunStatus.RETRYING;
            failure.run();
        }
    }

    void failRetryable() {
        fail(writer::failed);
    }

    void failForGood() {
        fail(writer::failedForGood);
    }

    void handBack() {
        fail(writer::handedBack);
    }

    void suspend(@Nullable Instant until) {
        if (status != RunStatus.RUNNING) {
            return;
        }
        if (cancelRequested) {
            end(RunStatus.CANCELLED);
        } else {
            status = RunStatus.SUSPENDED;
            writer.suspended(until);
        }
    }

    void signal() {
        if (status == RunStatus.SUSPENDED) {
            writer.signalReceived();
            wake();
        }
    }

    private void wake() {
        status = RunStatus.QUEUED;
        writer.resumed();
    }

    void cancel() {
        if (status.isTerminal() || cancelRequested) {
            return;
        }
        cancelRequested = true;
        writer.cancelRequested();
        if (status != RunStatus.RUNNING) {
            end(RunStatus.CANCELLED);
        }
    }

    void record(Decision.OfRun decision) {
        if (decision.attempt() != attempt || status.isTerminal()) {
            return;
        }
        switch (decision) {
            case Decision.Retry(var run, var of, Instant at) -> {
                if (status == RunStatus.RETRYING && !retryRecorded) {
                    retryRecorded = true;
                    writer.retryScheduled(at);
                }
            }
            case Decision.AttemptLost lost -> fail(writer::lost);
            case Decision.AttemptTimedOut late -> fail(writer::timedOut);
            case Decision.TimedOut late ->
                    end(cancelRequested ? RunStatus.CANCELLED : RunStatus.FAILED);
            case Decision.Resume resume -> {
                if (status == RunStatus.SUSPENDED) {
                    wake();
                }
            }
            case Decision.EndChildren none -> {}
            case Decision.Fail fail -> {
                if (status == RunStatus.RETRYING) {
                    end(RunStatus.FAILED);
                }
            }
            case Decision.Cancel cancel -> {
                if (cancelRequested) {
                    end(RunStatus.CANCELLED);
                }
            }
        }
    }

    private void end(RunStatus last) {
        status = last;
        if (last == RunStatus.FAILED) {
            writer.failedRun();
        } else {
            writer.cancelled();
        }
    }
}
