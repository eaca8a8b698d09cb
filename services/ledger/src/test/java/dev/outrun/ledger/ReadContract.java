package dev.outrun.ledger;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outrun.schema.error.ErrorCode;
import dev.outrun.schema.error.OutrunException;
import dev.outrun.schema.event.Event;
import dev.outrun.schema.run.RunId;
import dev.outrun.schema.run.RunStatus;
import dev.outrun.schema.run.Tenant;
import dev.outrun.schema.work.Decision;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** The ledger's contract about reading: logs from any place, lists in order. */
interface ReadContract extends LedgerContract {

    @Test
    default void events_are_read_from_any_seq_on() {
        // Given
        RunId run = running();
        for (int append = 0; append < 12; append++) {
            ledger().append(run, 1, "[" + "{\"type\":\"a\"},".repeat(append) + "{\"type\":\"z\"}]");
        }
        long end = 2 + 12 * 13 / 2;

        for (long from = 0; from <= end + 1; from++) {
            // When
            List<Long> seqs = seqs(ledger().events(run, from, 1_000));

            // Then
            assertEquals(LongStream.range(from, end).boxed().toList(), seqs);
        }
    }

    @Test
    default void events_are_at_most_the_limit() {
        // Given
        RunId run = running();
        ledger().append(run, 1, "[" + "{\"type\":\"a\"},".repeat(20) + "{\"type\":\"z\"}]");

        // When
        List<Long> inOneRow = seqs(ledger().events(run, 5, 3));
        List<Long> acrossRows = seqs(ledger().events(run, 1, 2));

        // Then
        assertEquals(List.of(5L, 6L, 7L), inOneRow);
        assertEquals(List.of(1L, 2L), acrossRows);
    }

    @Test
    default void events_of_large_data_come_in_several_pages() {
        // Given
        RunId run = running();
        String data = '"' + "x".repeat((1 << 20) - 2) + '"';
        for (int n = 0; n < 5; n++) {
            ledger().append(run, 1, "[{\"type\":\"a\",\"data\":" + data + "}]");
        }

        // When
        List<Event> page = ledger().events(run, 2, 100);

        // Then
        assertEquals(List.of(2L, 3L, 4L, 5L), seqs(page));
        assertEquals(List.of(6L), seqs(ledger().events(run, 6, 100)));
    }

    @Test
    default void events_of_an_unknown_run_are_none() {
        assertEquals(List.of(), ledger().events(new RunId(new UUID(1, 1)), 0, 10));
        assertEquals(Optional.empty(), ledger().run(new RunId(new UUID(1, 1))));
    }

    @Test
    default void events_from_a_negative_seq_or_without_a_limit_are_refused() {
        RunId run = started();
        refuses(ErrorCode.INVALID_SEQ, run, () -> ledger().events(run, -1, 10));
        refuses(ErrorCode.INVALID_REQUEST, run, () -> ledger().events(run, 0, 0));
    }

    @Test
    default void runs_are_listed_newest_first_page_by_page() {
        // Given
        Tenant tenant = newTenant();
        ledger().registerHandlers(List.of(HANDLER));
        List<RunId> started = new ArrayList<>();
        for (int n = 0; n < 7; n++) {
            started.addFirst(start(HANDLER, "default", tenant));
        }

        // When
        List<RunId> listed = new ArrayList<>();
        List<Run> page = list(tenant, null, null, null, null, 3);
        while (!page.isEmpty()) {
            page.forEach(run -> listed.add(run.id()));
            Run last = page.getLast();
            page =
                    list(
                            tenant,
                            null,
                            null,
                            null,
                            new RunQuery.Place(last.createdAt(), last.id()),
                            3);
        }

        // Then
        assertEquals(started, listed);
    }

    @Test
    default void run_is_found_by_its_tenants_key() {
        // Given
        ledger().registerHandlers(List.of(HANDLER));
        Tenant tenant = newTenant();
        Tenant other = newTenant();
        RunId run = ledger().start(withKey(tenant, "k"));
        RunId others = ledger().start(withKey(other, "k"));

        // Then
        assertEquals(Optional.of(run), ledger().runWithKey(tenant, "k"));
        assertEquals(Optional.of(others), ledger().runWithKey(other, "k"));
        assertEquals(Optional.empty(), ledger().runWithKey(tenant, "K"));
        assertEquals(Optional.empty(), ledger().runWithKey(newTenant(), "k"));
    }

    private static StartRun withKey(Tenant tenant, String key) {
        return StartRun.with(HANDLER, "1").tenant(tenant).idempotencyKey(key).build();
    }

    @Test
    default void runs_are_filtered() {
        // Given
        Tenant tenant = newTenant();
        Tenant other = newTenant();
        ledger().registerHandlers(List.of("a", "b"));
        RunId a1 = start("a", "q1", tenant);
        RunId a2 = start("a", "q2", tenant);
        RunId b1 = start("b", "q1", tenant);
        RunId others = start("a", "q1", other);
        claim(a2, 1);

        // When
        List<RunId> all = ids(list(tenant, null, null, null, null, 10));
        List<RunId> ofA = ids(list(tenant, null, "a", null, null, 10));
        List<RunId> inQ1 = ids(list(tenant, null, null, "q1", null, 10));
        List<RunId> running = ids(list(tenant, RunStatus.RUNNING, null, null, null, 10));
        List<RunId> none = ids(list(tenant, RunStatus.RUNNING, "b", null, null, 10));

        // Then
        assertEquals(List.of(b1, a2, a1), all);
        assertEquals(List.of(a2, a1), ofA);
        assertEquals(List.of(b1, a1), inQ1);
        assertEquals(List.of(a2), running);
        assertEquals(List.of(), none);
        assertEquals(List.of(others), ids(list(other, null, null, null, null, 9)));
    }

    @Test
    default void decision_about_what_is_no_run_id_is_refused() {
        OutrunException refusal =
                assertThrows(
                        OutrunException.class,
                        () -> ledger().record(new Decision.Fail("nonsense", 1)));
        assertEquals(ErrorCode.INVALID_RUN_ID, refusal.code());
    }

    @Test
    default void partitions_made_again_are_none() {
        // Given
        ledger().makePartitions(3);

        // When
        int again = ledger().makePartitions(3);

        // Then
        assertEquals(0, again);
        assertTrue(ledger().shards() > 0);
    }

    private RunId start(String handler, String queue, Tenant tenant) {
        return ledger().start(StartRun.with(handler, "1").tenant(tenant).queue(queue).build());
    }

    private List<Run> list(
            Tenant tenant,
            @Nullable RunStatus status,
            @Nullable String handler,
            @Nullable String queue,
            RunQuery.@Nullable Place before,
            int limit) {
        return ledger().runs(
                        new RunQuery(tenant, status, handler, queue, null, null, before, limit));
    }

    private static List<RunId> ids(List<Run> runs) {
        return runs.stream().map(Run::id).toList();
    }

    private static List<Long> seqs(List<Event> events) {
        return events.stream().map(Event::seq).toList();
    }
}
