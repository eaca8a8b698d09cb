package dev.outrun.ledger;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outrun.schema.error.ErrorCode;
import dev.outrun.schema.error.OutrunException;
import dev.outrun.schema.queue.QueueSettings;
import dev.outrun.schema.queue.QueueSettings.Mode;
import dev.outrun.schema.queue.QueueSettings.Order;
import dev.outrun.schema.queue.QueueSettings.Rate;
import dev.outrun.schema.queue.QueueSettings.RunTopics;
import dev.outrun.schema.run.RunId;
import dev.outrun.schema.run.RunStatus;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.UUID;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The ledger's contract about queues: what is said of them, and what holds a claim to it. */
interface QueueContract extends LedgerContract {

    @Test
    default void queue_nobody_spoke_of_has_the_defaults() {
        String queue = newQueue();
        assertEquals(new QueueState(QueueSettings.of(queue), Map.of()), ledger().queue(queue));
    }

    @Test
    default void queue_changed_keeps_what_was_not_named() {
        // Given
        String queue = newQueue();

        // When
        ledger().changeQueue(
                        queue,
                        "{\"width\":2,\"concurrency\":5,\"concurrency_per_key\":1,"
                                + "\"rate\":{\"limit\":7,\"per_ms\":100},\"order\":\"lifo\"}");
        QueueSettings answer =
                ledger().changeQueue(queue, "{\"mode\":\"draining\",\"concurrency\":null}");

        // Then
        assertEquals(
                new QueueSettings(
                        queue,
                        Mode.DRAINING,
                        Order.LIFO,
                        2,
                        null,
                        1,
                        new Rate(7, 100),
                        RunTopics.EACH),
                answer);
        assertEquals(answer, ledger().queue(queue).settings());
        assertTrue(ledger().queues().contains(new QueueState(answer, Map.of())));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "1",
                "{\"colour\":1}",
                "{\"mode\":\"sideways\"}",
                "{\"mode\":null}",
                "{\"concurrency\":0}",
                "{\"concurrency\":1.5}",
                "{\"concurrency\":\"1\"}",
                "{\"width\":null}",
                "{\"width\":2,\"concurrency\":1}",
                "{\"width\":2,\"rate\":{\"limit\":1}}",
                "{\"run_topics\":\"some\"}",
                "{\"rate\":5}",
                "{\"rate\":{\"per_ms\":100}}",
                "{\"rate\":{\"limit\":1,\"per\":1}}"
            })
    default void change_that_is_none_is_refused_and_changes_nothing(String change) {
        String queue = newQueue();
        refusesRequest(() -> ledger().changeQueue(queue, change));
        assertEquals(QueueSettings.of(queue), ledger().queue(queue).settings());
    }

    @Test
    default void width_never_shrinks() {
        String queue = newQueue();
        ledger().changeQueue(queue, "{\"width\":2}");
        refusesRequest(() -> ledger().changeQueue(queue, "{\"width\":1}"));
    }

    @Test
    default void queue_with_a_bad_name_is_refused() {
        refusesRequest(() -> ledger().changeQueue("A b", "{}"));
    }

    @Test
    default void queue_counts_its_open_runs() {
        // Given
        String queue = newQueue();
        RunId running = startIn(queue);
        claim(running, 1);
        startIn(queue);
        startIn(queue);
        RunId done = startIn(queue);
        claim(done, 1);
        ledger().complete(done, 1, "1");

        // When, Then
        assertEquals(
                Map.of(RunStatus.QUEUED, 2L, RunStatus.RUNNING, 1L), ledger().queue(queue).runs());
    }

    @Test
    default void runs_started_in_a_queue_without_run_topics_are_topicless() {
        // Given
        String queue = newQueue();
        RunId before = startIn(queue);

        // When
        ledger().changeQueue(queue, "{\"run_topics\":\"none\"}");
        RunId meanwhile = startIn(queue);
        RunId forked = ledger().fork(before, 1, null);
        boolean none = ledger().isTopicless(queue);
        ledger().changeQueue(queue, "{\"run_topics\":\"each\"}");
        RunId afterwards = startIn(queue);

        // Then: it is fixed when they start
        assertEquals(
                List.of(false, true, true, false),
                Stream.of(before, meanwhile, forked, afterwards)
                        .map(run -> ledger().run(run).orElseThrow().topicless())
                        .toList());
        assertTrue(none);
        assertFalse(ledger().isTopicless(queue));
        assertFalse(ledger().isTopicless(newQueue()));
    }

    @Test
    default void claim_in_a_paused_queue_is_granted_to_nobody() {
        // Given
        String queue = newQueue();
        RunId run = startIn(queue);

        // When, Then
        ledger().changeQueue(queue, "{\"mode\":\"paused\"}");
        assertFalse(claims(run, 1));
        ledger().changeQueue(queue, "{\"mode\":\"active\"}");
        assertTrue(claims(run, 1));
    }

    @Test
    default void claim_in_a_draining_queue_is_granted_to_runs_that_have_begun() {
        // Given
        String queue = newQueue();
        RunId begun = startIn(queue);
        RunId fresh = startIn(queue);
        claim(begun, 1);
        ledger().fail(begun, 1, "1", true);

        // When
        ledger().changeQueue(queue, "{\"mode\":\"draining\"}");

        // Then
        assertTrue(claims(begun, 2));
        assertFalse(claims(fresh, 1));
    }

    @Test
    default void claims_stay_within_the_queues_concurrency() {
        // Given
        String queue = newQueue();
        ledger().changeQueue(queue, "{\"concurrency\":2}");
        RunId a = startIn(queue);
        RunId b = startIn(queue);
        RunId c = startIn(queue);

        // When, Then: said twice, a claim takes one place
        assertTrue(claims(a, 1));
        assertTrue(claims(a, 1));
        assertTrue(claims(b, 1));
        assertFalse(claims(c, 1));
        ledger().fail(a, 1, "1", true);
        assertTrue(claims(c, 1));
        assertFalse(claims(a, 2));
    }

    @Test
    default void claims_stay_within_the_concurrency_of_their_key() {
        // Given
        String queue = newQueue();
        ledger().changeQueue(queue, "{\"concurrency_per_key\":1}");
        RunId a = startWithKey(queue, "k");
        RunId b = startWithKey(queue, "k");
        RunId c = startWithKey(queue, "l");
        RunId d = startIn(queue);
        RunId e = startIn(queue);

        // When, Then
        assertTrue(claims(a, 1));
        assertFalse(claims(b, 1));
        assertTrue(claims(c, 1));
        assertTrue(claims(d, 1));
        assertTrue(claims(e, 1));
        ledger().complete(a, 1, "1");
        assertTrue(claims(b, 1));
    }

    @Test
    default void claims_stay_within_the_queues_rate() {
        // Given
        String queue = newQueue();
        ledger().changeQueue(queue, "{\"rate\":{\"limit\":1,\"per_ms\":86400000}}");
        RunId a = startIn(queue);
        RunId b = startIn(queue);

        // When, Then: what has ended counts until the period is over
        assertTrue(claims(a, 1));
        ledger().complete(a, 1, "1");
        assertFalse(claims(b, 1));
        ledger().changeQueue(queue, "{\"rate\":null}");
        assertTrue(claims(b, 1));
    }

    @Test
    default void runs_of_one_key_are_in_one_shard_of_a_wide_queue() {
        // Given
        String queue = newQueue();
        ledger().changeQueue(queue, "{\"width\":4}");

        // When
        List<Integer> ofOneKey =
                List.of(
                        shard(startWithKey(queue, "k")),
                        shard(startWithKey(queue, "k")),
                        shard(startWithKey(queue, "k")));

        // Then
        assertEquals(1, ofOneKey.stream().distinct().count());
    }

    @Test
    default void obliterated_queue_has_no_open_runs_left() {
        // Given
        String queue = newQueue();
        RunId running = startIn(queue);
        claim(running, 1);
        RunId queued = startIn(queue);
        RunId elsewhere = startIn(newQueue());

        // When
        int first = ledger().obliterate(queue, 1);
        int second = ledger().obliterate(queue, 100);
        int third = ledger().obliterate(queue, 100);

        // Then: a live attempt is asked to stop
        assertEquals(List.of(1, 1, 0), List.of(first, second, third));
        assertEquals(RunStatus.CANCELLED, status(queued));
        assertEquals(RunStatus.RUNNING, status(running));
        assertTrue(log(running).getLast().contains("run.cancel.requested"));
        assertEquals(RunStatus.QUEUED, status(elsewhere));
    }

    @Test
    default void obliterated_queue_may_hold_children_that_fail_their_parents() {
        // Given: the child is the older by its id, and so the first to go
        String queue = newQueue();
        ledger().registerHandlers(List.of(HANDLER));
        RunId younger = RunId.mint(() -> Instant.now().plusSeconds(60), new Random());
        RunId parent = ledger().start(StartRun.with(HANDLER, "1").queue(queue).id(younger).build());
        RunId child =
                ledger().start(
                                StartRun.with(HANDLER, "1")
                                        .queue(queue)
                                        .child(new StartRun.Child(parent, true, false))
                                        .build());

        // When
        ledger().obliterate(queue, 100);

        // Then
        assertEquals(RunStatus.CANCELLED, status(child));
        assertEquals(RunStatus.FAILED, status(parent));
        assertTrue(log(parent).getLast().contains("run.failed"));
        assertEquals(0, ledger().obliterate(queue, 100));
    }

    @Test
    default void start_with_a_deduplication_key_in_its_window_is_the_earlier_run() {
        // Given
        String queue = newQueue();
        RunId first = startDeduped(queue, "k", 86_400_000L);
        claim(first, 1);
        ledger().complete(first, 1, "1");

        // When, Then
        assertEquals(first, startDeduped(queue, "k", 1L));
        assertNotEquals(first, startDeduped(queue, "other", 1L));
        assertNotEquals(first, startDeduped(newQueue(), "k", 1L));
        assertEquals(Map.of(RunStatus.QUEUED, 1L), ledger().queue(queue).runs());
    }

    @Test
    default void start_with_a_deduplication_key_without_window_is_the_open_run() {
        // Given
        String queue = newQueue();
        RunId first = startDeduped(queue, "k", null);

        // When
        RunId meanwhile = startDeduped(queue, "k", null);
        claim(first, 1);
        ledger().complete(first, 1, "1");
        RunId afterwards = startDeduped(queue, "k", null);

        // Then
        assertEquals(first, meanwhile);
        assertNotEquals(first, afterwards);
    }

    @Test
    default void deduplication_keys_that_have_lapsed_are_deleted() {
        // Given
        String queue = newQueue();
        RunId run = startDeduped(queue, "k", null);
        claim(run, 1);
        ledger().complete(run, 1, "1");

        // When
        int deleted = ledger().deleteLapsed(Integer.MAX_VALUE);

        // Then: another test's may be among them
        assertTrue(deleted >= 1, () -> deleted + " deleted");
        assertNotEquals(run, startDeduped(queue, "k", null));
    }

    @Test
    default void start_with_a_turn_that_is_none_is_refused() {
        ledger().registerHandlers(List.of(HANDLER));
        refusesStart(
                ErrorCode.INVALID_REQUEST, StartRun.with(HANDLER, "1").priority(1_001).build());
        refusesStart(
                ErrorCode.INVALID_REQUEST, StartRun.with(HANDLER, "1").concurrencyKey("").build());
        refusesStart(
                ErrorCode.INVALID_REQUEST,
                StartRun.with(HANDLER, "1").dedupe(new StartRun.Dedupe("k", 0L)).build());
        refusesStart(ErrorCode.INVALID_REQUEST, StartRun.with(HANDLER, "1").timeoutMs(0L).build());
        refusesStart(
                ErrorCode.INVALID_REQUEST,
                StartRun.with(HANDLER, "1").attemptTimeoutMs(-1L).build());
    }

    private static String newQueue() {
        return "q-" + UUID.randomUUID();
    }

    private RunId startIn(String queue) {
        ledger().registerHandlers(List.of(HANDLER));
        return ledger().start(StartRun.with(HANDLER, "1").queue(queue).build());
    }

    private RunId startWithKey(String queue, String key) {
        ledger().registerHandlers(List.of(HANDLER));
        return ledger().start(StartRun.with(HANDLER, "1").queue(queue).concurrencyKey(key).build());
    }

    private RunId startDeduped(String queue, String key, @Nullable Long windowMs) {
        ledger().registerHandlers(List.of(HANDLER));
        var dedupe = new StartRun.Dedupe(key, windowMs);
        return ledger().start(StartRun.with(HANDLER, "1").queue(queue).dedupe(dedupe).build());
    }

    private boolean claims(RunId run, int attempt) {
        return ledger().claim(run, attempt, WORKER).isPresent();
    }

    private int shard(RunId run) {
        return ledger().run(run).orElseThrow().shard();
    }

    private static void refusesRequest(Executable call) {
        OutrunException refusal = assertThrows(OutrunException.class, call);
        assertEquals(ErrorCode.INVALID_REQUEST, refusal.code(), refusal.getMessage());
    }
}
