package dev.outrun.testkit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.outrun.ledger.StartRun;
import dev.outrun.schema.error.ErrorCode;
import dev.outrun.schema.error.OutrunException;
import dev.outrun.schema.event.Event;
import dev.outrun.schema.event.EventTypes;
import dev.outrun.schema.run.RunId;
import dev.outrun.schema.run.RunStatus;
import dev.outrun.worker.ChildResult;
import dev.outrun.worker.JsonText;
import dev.outrun.worker.RunContext;
import dev.outrun.worker.RunHandler;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What a handler remembers from one attempt to the next, and how it waits without a worker. */
final class DurableHandlerTest {

    private static final Duration HOUR = Duration.ofHours(1);

    private final List<String> done = new ArrayList<>();
    private final Map<String, RunHandler> handlers = new HashMap<>();
    private SteppedOutrun outrun = SteppedOutrun.with(Map.of()).open();

    private interface Odd {}

    private record One(int number) implements Odd {}

    private record Plan(String title, List<Integer> chapters, Instant due) {}

    @AfterEach
    void close() {
        outrun.close();
    }

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
    void sleep_givesTheWorkerBack_andTheRunGoesOnBehindIt() {
        // Given
        open((run, input) -> {
            step(run, "before", 1);
            run.sleep(HOUR);
            step(run, "between", 2);
            run.sleep(HOUR);
            return step(run, "after", 3);
        });
        RunId run = start();
        outrun.settle();

        // When
        outrun.advance(HOUR.minusMillis(1));

        // Then
        assertEquals(RunStatus.SUSPENDED, outrun.status(run));
        assertEquals(List.of("before 1"), done);

        // When
        outrun.advance(Duration.ofMillis(20));
        assertEquals(List.of("before 1", "between 2"), done);
        outrun.advance(HOUR);

        // Then
        assertEquals(List.of("before 1", "between 2", "after 3"), done);
        assertEquals(RunStatus.COMPLETED, outrun.status(run));
        assertEquals(2, count(run, EventTypes.SUSPENDED));
    }

    @Test
    void sleep_isOverForEveryLaterAttempt() {
        // Given
        open((run, input) -> {
            run.sleep(HOUR);
            failUntil(run, 4);
            return null;
        });

        // When
        RunId run = start();
        outrun.advance(HOUR.plusMinutes(1));

        // Then
        assertEquals(RunStatus.COMPLETED, outrun.status(run));
        assertEquals(1, count(run, EventTypes.SUSPENDED));
    }

    @Test
    void sleep_thatIsResumed_isOver() {
        // Given
        open((run, input) -> {
            run.sleep(HOUR);
            return "awake";
        });
        RunId run = start();
        outrun.settle();

        // When
        outrun.ledger().resume(run);
        outrun.settle();

        // Then
        assertEquals(RunStatus.COMPLETED, outrun.status(run));
    }

    @Test
    void forkOfASleepingRun_sleepsUntilTheSameTime() {
        // Given
        open((run, input) -> {
            run.sleep(HOUR);
            return "awake";
        });
        RunId run = start();
        outrun.advance(Duration.ofMinutes(20));

        // When
        RunId fork = outrun.ledger().fork(run, outrun.log(run).size(), null);
        outrun.advance(Duration.ofMinutes(39));

        // Then
        assertEquals(RunStatus.SUSPENDED, outrun.status(fork));
        outrun.advance(Duration.ofMinutes(2));
        assertEquals(RunStatus.COMPLETED, outrun.status(fork));
        assertEquals(RunStatus.COMPLETED, outrun.status(run));
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
    void signals_areTakenInOrder_howeverEarlyTheyCame_andAgainByALaterAttempt() {
        // Given
        open((run, input) -> {
            run.sleep(Duration.ofMinutes(1));
            String both = run.awaitSignal("word", String.class);
            both += run.awaitSignal("word", String.class);
            failUntil(run, 5);
            return both;
        });
        RunId run = start();
        outrun.settle();
        outrun.signal(run, "word", "\"a\"");
        outrun.advance(Duration.ofMinutes(2));
        assertEquals(RunStatus.SUSPENDED, outrun.status(run));

        // When
        outrun.signal(run, "other", "\"x\"");
        outrun.signal(run, "word", "\"b\"");
        outrun.signal(run, "word", "\"c\"");
        outrun.advance(HOUR);

        // Then
        assertEquals("{\"output\":\"ab\"}", data(outrun.log(run).getLast()));
    }

    @Test
    void waitForASignal_thatIsResumedWithoutIt_waitsOn() {
        // Given
        open((run, input) -> run.awaitSignal("word", JsonText.class));
        RunId run = start();
        outrun.settle();

        // When
        outrun.ledger().resume(run);
        outrun.settle();

        // Then
        assertEquals(RunStatus.SUSPENDED, outrun.status(run));
        outrun.signal(run, "word", "{\"n\":[1.50]}");
        outrun.settle();
        assertEquals(RunStatus.COMPLETED, outrun.status(run));
    }

    @Test
    void signalOfAnotherType_failsTheRunAtOnce() {
        // Given
        open((run, input) -> run.awaitSignal("word", Integer.class));
        RunId run = start();
        outrun.settle();

        // When
        outrun.signal(run, "word", "{\"n\":1}");
        outrun.settle();

        // Then
        assertEquals(RunStatus.FAILED, outrun.status(run));
    }

    @Test
    void signalThatDoesNotComeInTime_isNotThere_forAnyLaterAttempt() {
        // Given
        open((run, input) -> {
            Optional<String> word = run.awaitSignal("word", String.class, HOUR);
            run.sleep(HOUR);
            failUntil(run, 5);
            return word.orElse("none") + run.awaitSignal("word", String.class);
        });
        RunId run = start();
        outrun.advance(HOUR.plusMinutes(1));

        // When
        outrun.signal(run, "word", "\"late\"");
        outrun.advance(HOUR.multipliedBy(2));

        // Then
        assertEquals("{\"output\":\"nonelate\"}", data(outrun.log(run).getLast()));
    }

    @Test
    void signalThatComesInTime_isThere_forEveryLaterAttempt() {
        // Given
        open((run, input) -> {
            Optional<String> word = run.awaitSignal("word", String.class, HOUR);
            failUntil(run, 4);
            return word.orElse("none");
        });
        RunId run = start();
        outrun.advance(HOUR.minusMinutes(1));

        // When
        outrun.signal(run, "word", "\"now\"");
        outrun.advance(HOUR.multipliedBy(2));

        // Then
        assertEquals("{\"output\":\"now\"}", data(outrun.log(run).getLast()));
    }

    @Test
    void timedWait_thatIsResumed_waitsForItsRest() {
        // Given
        open((run, input) -> run.awaitSignal("word", String.class, HOUR).orElse("none"));
        RunId run = start();
        outrun.advance(Duration.ofMinutes(30));

        // When
        outrun.ledger().resume(run);
        outrun.advance(Duration.ofMinutes(29));

        // Then
        assertEquals(RunStatus.SUSPENDED, outrun.status(run));
        outrun.advance(Duration.ofMinutes(2));
        assertEquals("{\"output\":\"none\"}", data(outrun.log(run).getLast()));
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

    @Test
    void engineThatDiesWhileARunSleeps_wakesIt() {
        // Given
        open((run, input) -> {
            run.sleep(HOUR);
            return "awake";
        });
        RunId run = start();
        outrun.settle();

        // When
        outrun.crash(Part.ENGINE);
        outrun.advance(HOUR.plusMinutes(1));

        // Then
        assertEquals(RunStatus.COMPLETED, outrun.status(run));
    }

    @Test
    void sleepingRun_isCancelledAtOnce() {
        // Given
        open((run, input) -> {
            run.sleep(HOUR);
            return step(run, "after", 1);
        });
        RunId run = start();
        outrun.settle();

        // When
        outrun.cancel(run);
        outrun.advance(HOUR.multipliedBy(2));

        // Then
        assertEquals(RunStatus.CANCELLED, outrun.status(run));
        assertEquals(List.of(), done);
    }

    @Test
    void handlerThatDoesNotLetItselfBeStopped_writesNothingMore() {
        // Given
        open((run, input) -> {
            try {
                run.sleep(HOUR);
            } catch (RuntimeException e) {
                assertThrows(RuntimeException.class, () -> run.emit("still.here", 1));
            }
            return "went on";
        });

        // When
        RunId run = start();
        outrun.settle();

        // Then
        assertEquals(RunStatus.SUSPENDED, outrun.status(run));
        outrun.advance(HOUR.plusMinutes(1));
        assertEquals(0, count(run, "still.here"));
        assertEquals("{\"output\":\"went on\"}", data(outrun.log(run).getLast()));
    }

    private int step(RunContext run, String name, int value) {
        return run.step(
                name,
                () -> {
                    done.add(name + " " + value);
                    return value;
                });
    }

    private static void failUntil(RunContext run, int attempt) {
        if (run.attempt() < attempt) {
            throw new IllegalStateException("not in this one");
        }
    }

    private static void refused(ErrorCode code, Runnable call) {
        assertEquals(code, assertThrows(OutrunException.class, call::run).code());
    }

    private void open(RunHandler handler) {
        handlers.put("it", handler);
        outrun.close();
        outrun = SteppedOutrun.with(handlers).open();
    }

    private RunId start() {
        return outrun.start(StartRun.with("it", "1").retry("{\"max_attempts\":9}").build());
    }

    private int count(RunId run, String type) {
        return seqsOf(run, type).size();
    }

    private List<Long> seqsOf(RunId run, String type) {
        return outrun.log(run).stream()
                .filter(event -> event.type().equals(type))
                .map(Event::seq)
                .toList();
    }

    private static String data(Event event) {
        return new String(event.data(), StandardCharsets.UTF_8);
    }
}
