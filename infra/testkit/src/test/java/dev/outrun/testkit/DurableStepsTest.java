package dev.outrun.testkit;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.outrun.ledger.StartRun;
import dev.outrun.schema.error.ErrorCode;
import dev.outrun.schema.event.EventTypes;
import dev.outrun.schema.run.RunId;
import dev.outrun.schema.run.RunStatus;
import dev.outrun.worker.ChildResult;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What a handler remembers from one attempt to the next: steps, and its children. */
final class DurableStepsTest extends DurableHandlers {

    private interface Odd {}

    private record One(int number) implements Odd {}

    private record Plan(String title, List<Integer> chapters, Instant due) {}

    @Test
    void step_doneByAnEarlierAttempt_isNotDoneAgain() {
        // Given
        Plan plan = new Plan("Rivers", List.of(1, 2), Instant.parse("2026-03-04T05:06:07.89Z"));
        open((run, input) -> {
            Plan found =
                    run.step(
                            "plan",
                            () -> {
                                done.add("plan");
                                return plan;
                            });
            failUntil(run, 3);
            return found;
        });

        // When
        RunId run = start();
        outrun.advance(HOUR);

        // Then
        assertEquals(List.of("plan"), done);
        assertEquals(1, count(run, EventTypes.STEP_COMPLETED));
        assertEquals(
                "{\"output\":{\"title\":\"Rivers\",\"chapters\":[1,2],"
                        + "\"due\":\"2026-03-04T05:06:07.890Z\"}}",
                data(outrun.log(run).getLast()));
    }

    @Test
    void stepsOfOneName_areToldApartByTheirOrder() {
        // Given
        open((run, input) -> {
            List<Integer> found = new ArrayList<>();
            for (int i = 0; i < 4; i++) {
                found.add(step(run, "page", 10 * i));
                if (i == run.attempt()) {
                    throw new IllegalStateException("not further in this one");
                }
            }
            return found;
        });

        // When
        RunId run = start();
        outrun.advance(HOUR);

        // Then
        assertEquals(List.of("page 0", "page 10", "page 20", "page 30"), done);
        assertEquals("{\"output\":[0,10,20,30]}", data(outrun.log(run).getLast()));
    }

    @Test
    void stepThatThrows_isDoneAgain() {
        // Given
        open((run, input) ->
                run.step(
                        "call",
                        () -> {
                            done.add("call");
                            failUntil(run, 3);
                            return "answer";
                        }));

        // When
        RunId run = start();
        outrun.advance(HOUR);

        // Then
        assertEquals(List.of("call", "call", "call"), done);
        assertEquals(1, count(run, EventTypes.STEP_COMPLETED));
        assertEquals("{\"output\":\"answer\"}", data(outrun.log(run).getLast()));
    }

    @Test
    void stepWithoutAnOutput_isRemembered() {
        // Given
        open((run, input) -> {
            run.step(
                    "pay",
                    () -> {
                        done.add("pay");
                        return null;
                    });
            failUntil(run, 2);
            return null;
        });

        // When
        RunId run = start();
        outrun.advance(HOUR);

        // Then
        assertEquals(List.of("pay"), done);
        assertEquals("{\"name\":\"pay\",\"output\":null}", data(outrun.log(run).get(2)));
        assertEquals(RunStatus.COMPLETED, outrun.status(run));
    }

    @Test
    void outputThatCannotBeReadAgain_failsTheRunAtOnce_andTheStepIsNotWritten() {
        // Given: nothing says which one it was
        open((run, input) -> run.<Odd, RuntimeException>step("odd", () -> new One(1)));

        // When
        RunId run = start();
        outrun.settle();

        // Then
        assertEquals(RunStatus.FAILED, outrun.status(run));
        assertEquals(0, count(run, EventTypes.STEP_COMPLETED));
    }

    @Test
    void stepWrittenByHand_thatIsNone_failsTheRunAtOnce() {
        for (String data : List.of("5", "{\"output\":1}", "null")) {
            // Given
            open((run, input) -> {
                failUntil(run, 2);
                return step(run, "plan", 1);
            });
            RunId run = start();

            // When
            outrun.ledger()
                    .append(run, null, "[{\"type\":\"step.completed\",\"data\":" + data + "}]");
            outrun.advance(HOUR);

            // Then
            assertEquals(RunStatus.FAILED, outrun.status(run));
            assertEquals(2, outrun.log(run).getLast().attempt());
        }
    }

    @Test
    void namesAndTypesThatAreTheWorkersOwn_areRefused() {
        // Given
        open((run, input) -> {
            for (String name : List.of("", " ", "outrun:signal:go", "x".repeat(129))) {
                refused(ErrorCode.INVALID_REQUEST, () -> run.step(name, () -> 1));
            }
            refused(ErrorCode.INVALID_EVENTS, () -> run.emit(EventTypes.STEP_COMPLETED, "1"));
            refused(ErrorCode.INVALID_REQUEST, () -> run.sleep(Duration.ofMillis(-1)));
            refused(
                    ErrorCode.PAYLOAD_TOO_LARGE,
                    () -> run.step("large", () -> "x".repeat(1 << 20)));
            return run.step("x".repeat(128), () -> "fine");
        });

        // When
        RunId run = start();
        outrun.settle();

        // Then
        assertEquals("{\"output\":\"fine\"}", data(outrun.log(run).getLast()));
    }

    @Test
    void fork_doesOnlyTheStepsBehindIt() {
        // Given
        open((run, input) -> step(run, "first", 1) + step(run, "second", 2));
        RunId run = start();
        outrun.settle();
        long behindFirst = seqsOf(run, EventTypes.STEP_COMPLETED).getFirst() + 1;
        done.clear();

        // When
        RunId fork = outrun.ledger().fork(run, behindFirst, null);
        outrun.settle();

        // Then
        assertEquals(List.of("second 2"), done);
        assertEquals("{\"output\":3}", data(outrun.log(fork).getLast()));
    }

    @Test
    void children_areStartedOnce_andTheirOutputsAwaited() {
        // Given
        handlers.put(
                "leaf",
                (run, input) -> {
                    done.add("leaf " + input.json());
                    run.sleep(Duration.ofMinutes(input.tree().asLong()));
                    return 10 * input.tree().asInt();
                });
        open((run, input) -> {
            RunId slow = run.startChild("slow", StartRun.of("leaf", "3"));
            RunId quick = run.startChild("quick", StartRun.of("leaf", "1"));
            Integer first = run.awaitChild(quick).output(Integer.class);
            failUntil(run, 3);
            List<String> all = new ArrayList<>();
            for (ChildResult each : run.awaitChildren()) {
                all.add(each.child().equals(slow) + " " + each.output(Integer.class));
            }
            return first + " " + all;
        });

        // When
        RunId run = start();
        outrun.advance(HOUR);

        // Then
        assertEquals(List.of("leaf 3", "leaf 1", "leaf 1", "leaf 3"), done);
        assertEquals("{\"output\":\"10 [true 30, false 10]\"}", data(outrun.log(run).getLast()));
        assertEquals(2, count(run, EventTypes.CHILD_STARTED));
    }

    @Test
    void outputOfAChildThatFailed_failsTheRunAtOnce() {
        // Given
        handlers.put(
                "leaf",
                (run, input) -> {
                    throw new IllegalStateException("never");
                });
        open((run, input) -> {
            RunId child =
                    run.startChild(
                            "one",
                            StartRun.with("leaf", "1").retry("{\"max_attempts\":1}").build());
            return run.awaitChild(child).output(Integer.class);
        });

        // When
        RunId run = start();
        outrun.advance(HOUR);

        // Then
        assertEquals(RunStatus.FAILED, outrun.status(run));
        assertEquals(1, count(run, EventTypes.ATTEMPT_FAILED));
    }

    @Test
    void forkOfAParent_hasNotTheChildrenThatHadNotEnded() {
        // Given
        handlers.put("leaf", (run, input) -> "leaf");
        open((run, input) -> run.awaitChild(run.startChild("one", StartRun.of("leaf", "1"))));
        RunId run = start();
        while (count(run, EventTypes.STEP_COMPLETED) == 0) {
            outrun.step();
        }

        // When
        RunId fork = outrun.ledger().fork(run, outrun.log(run).size(), null);
        outrun.settle();

        // Then
        assertEquals(RunStatus.FAILED, outrun.status(fork));
        assertEquals(RunStatus.COMPLETED, outrun.status(run));
    }

    @Test
    void workerThatDiesInAStep_doesThatStepAgain_andNoEarlierOne() {
        // Given
        open((run, input) -> {
            int first = step(run, "first", 1);
            return first
                    + run.step(
                            "second",
                            () -> {
                                done.add("second");
                                if (run.attempt() == 1) {
                                    outrun.crash(Part.WORKER);
                                }
                                return 2;
                            });
        });

        // When
        RunId run = start();
        outrun.advance(HOUR);

        // Then
        assertEquals(List.of("first 1", "second", "second"), done);
        assertEquals("{\"output\":3}", data(outrun.log(run).getLast()));
        assertEquals(2, count(run, EventTypes.STEP_COMPLETED));
    }
}
