package dev.outrun.ledger;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outrun.schema.error.ErrorCode;
import dev.outrun.schema.error.OutrunException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

final class CallBatcherTest {

    private static final Duration LONG = Duration.ofDays(1);

    private final Queue<String> made = new ConcurrentLinkedQueue<>();
    private final LinkedBlockingQueue<String> begun = new LinkedBlockingQueue<>();
    private final CountDownLatch go = new CountDownLatch(1);

    @Test
    void call_that_comes_alone_is_made_at_once() {
        CallBatcher<Integer, String> batcher = batcher(1, this::all);

        String answer = batcher.answer(1);

        assertEquals("1 together", answer);
        assertEquals(List.of("[1]"), List.copyOf(made));
    }

    @Test
    void calls_that_come_meanwhile_are_the_next_batches() throws Exception {
        // Given: one under way
        CallBatcher<Integer, String> batcher = batcher(1, this::allWhenGo);
        List<Caller> callers = new ArrayList<>(List.of(new Caller(batcher, 0)));
        assertEquals("[0]", begun.take());

        // When
        for (int i = 1; i <= 5; i++) {
            callers.add(new Caller(batcher, i));
            callers.getLast().awaitWaiting();
        }
        go.countDown();

        // Then
        for (int i = 0; i <= 5; i++) {
            assertEquals(i + " together", callers.get(i).answer());
        }
        assertEquals(List.of("[0]", "[1, 2, 3, 4]", "[5]"), List.copyOf(made));
    }

    @Test
    void batches_are_made_side_by_side_in_their_lanes() throws Exception {
        // Given
        CallBatcher<Integer, String> batcher = batcher(2, this::allWhenGo);
        Caller first = new Caller(batcher, 1);
        assertEquals("[1]", begun.take());

        // When
        Caller second = new Caller(batcher, 2);

        // Then
        assertEquals("[2]", begun.take());
        go.countDown();
        assertEquals(List.of("1 together", "2 together"), List.of(first.answer(), second.answer()));
    }

    @Test
    void call_that_is_not_answered_is_made_alone() {
        CallBatcher<Integer, String> batcher = batcher(1, calls -> Map.of());

        assertEquals("1 alone", batcher.answer(1));
    }

    @Test
    void calls_of_a_batch_that_is_refused_are_made_alone() {
        CallBatcher<Integer, String> batcher = batcher(1, calls -> fail(ErrorCode.INVALID_EVENTS));

        assertEquals("1 alone", batcher.answer(1));
    }

    @Test
    void calls_of_a_batch_whose_answer_is_lost_are_not_made_again() {
        CallBatcher<Integer, String> batcher = batcher(1, calls -> fail(ErrorCode.UNAVAILABLE));

        OutrunException failure = assertThrows(OutrunException.class, () -> batcher.answer(1));

        assertEquals(ErrorCode.UNAVAILABLE, failure.code());
        assertEquals(List.of(), List.copyOf(made));
    }

    @Test
    void calls_that_wait_while_nobody_answers_are_refused_after_a_while() throws Exception {
        // Given: one under way, and one that waits
        CallBatcher<Integer, String> batcher = batcher(Duration.ZERO, this::failsWhenGo);
        Caller first = new Caller(batcher, 1);
        assertEquals("[1]", begun.take());
        Caller second = new Caller(batcher, 2);
        second.awaitWaiting();

        // When
        go.countDown();

        // Then
        assertUnavailable(first);
        assertUnavailable(second);
        assertTrue(begun.isEmpty());
    }

    @Test
    void calls_that_have_just_come_when_nobody_answers_are_made() throws Exception {
        // Given: one under way, and one that waits
        CallBatcher<Integer, String> batcher = batcher(LONG, this::failsWhenGo);
        Caller first = new Caller(batcher, 1);
        assertEquals("[1]", begun.take());
        Caller second = new Caller(batcher, 2);
        second.awaitWaiting();

        // When
        go.countDown();

        // Then
        assertUnavailable(first);
        assertEquals("[2]", begun.take());
        assertUnavailable(second);
    }

    @Test
    void many_callers_get_their_own_answers() throws Exception {
        // Given
        CallBatcher<Integer, String> batcher = batcher(2, this::odd);

        // When
        List<Caller> callers =
                IntStream.range(0, 1_000).mapToObj(i -> new Caller(batcher, i)).toList();

        // Then
        for (int i = 0; i < callers.size(); i++) {
            assertEquals(i + (i % 2 == 1 ? " together" : " alone"), callers.get(i).answer());
        }
        assertTrue(made.stream().allMatch(batch -> batch.split(",").length <= 4));
    }

    private static void assertUnavailable(Caller caller) {
        ExecutionException failure = assertThrows(ExecutionException.class, caller::answer);
        OutrunException cause = assertInstanceOf(OutrunException.class, failure.getCause());
        assertEquals(ErrorCode.UNAVAILABLE, cause.code());
    }

    private static CallBatcher<Integer, String> batcher(
            int lanes, CallBatcher.Together<Integer, String> together) {
        return new CallBatcher<>(lanes, 4, LONG, together, call -> call + " alone");
    }

    private static CallBatcher<Integer, String> batcher(
            Duration patience, CallBatcher.Together<Integer, String> together) {
        return new CallBatcher<>(1, 4, patience, together, call -> call + " alone");
    }

    private Map<Integer, String> all(List<Integer> calls) {
        made.add(calls.toString());
        return places(calls, call -> true);
    }

    private Map<Integer, String> odd(List<Integer> calls) {
        made.add(calls.toString());
        return places(calls, call -> call % 2 == 1);
    }

    private Map<Integer, String> allWhenGo(List<Integer> calls) {
        awaitGo(calls);
        return all(calls);
    }

    private Map<Integer, String> failsWhenGo(List<Integer> calls) {
        awaitGo(calls);
        return fail(ErrorCode.UNAVAILABLE);
    }

    private void awaitGo(List<Integer> calls) {
        begun.add(calls.toString());
        try {
            go.await();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    private static Map<Integer, String> places(
            List<Integer> calls, Function<Integer, Boolean> answered) {
        return IntStream.range(0, calls.size())
                .boxed()
                .filter(place -> answered.apply(calls.get(place)))
                .collect(Collectors.toMap(place -> place, place -> calls.get(place) + " together"));
    }

    private static Map<Integer, String> fail(ErrorCode code) {
        throw new OutrunException(code, "not done");
    }

    /** A thread that makes one call. */
    private static final class Caller {

        private final FutureTask<String> answer;
        private final Thread thread;

        Caller(CallBatcher<Integer, String> batcher, int call) {
            answer = new FutureTask<>(() -> batcher.answer(call));
            thread = Thread.ofVirtual().start(answer);
        }

        void awaitWaiting() {
            while (thread.getState() != Thread.State.WAITING) {
                Thread.onSpinWait();
            }
        }

        String answer() throws InterruptedException, ExecutionException {
            return answer.get();
        }
    }
}
