package dev.outrun.ledger;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outrun.schema.error.ErrorCode;
import dev.outrun.schema.error.OutrunException;
import dev.outrun.schema.event.Event;
import dev.outrun.schema.run.RunId;
import dev.outrun.schema.run.RunStatus;
import dev.outrun.schema.run.Tenant;
import dev.outrun.schema.work.Decision;
import dev.outrun.teststack.TestStack;
import dev.outrun.teststack.TestStackExtension;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * How days of the outbox go. A day that is over is one of the past, which a test has no rows in:
 * here the time that runs are kept ends tomorrow, and today is long over.
 */
@ExtendWith(TestStackExtension.class)
final class RetentionTest implements LedgerContract {

    private static final Duration KEEP = Duration.ofDays(-1);

    private static final String PUBLISHED =
            """
            insert into outrun.watermark (slot, connector, split, splits, snapshot, firehose, at)
            values ('%s', '%s', %d, %d, pg_current_snapshot(), '{}', now())
            on conflict (slot) do update set snapshot = excluded.snapshot
            """;

    private final TestStack stack;
    private final PostgresLedger ledger;

    RetentionTest(TestStack stack) {
        this.stack = stack;
        this.ledger = PostgresLedger.open(new LedgerConfig(stack.postgres(), 4, "retention"));
    }

    @BeforeEach
    void giveRunsNoTopics() {
        ledger.changeQueue("default", "{\"run_topics\":\"none\"}");
    }

    @AfterEach
    void close() {
        ledger.close();
    }

    @Override
    public Ledger ledger() {
        return ledger;
    }

    @Test
    void day_whose_runs_have_ended_and_are_published_is_dropped() throws SQLException {
        // Given
        RunId run = completed();
        Run before = ledger.run(run).orElseThrow();
        published();

        // When
        Set<LocalDate> dropped = drop(KEEP);

        // Then
        assertTrue(dropped.contains(day(run)));
        assertEquals(Optional.of(before), ledger.run(run));
        expired(() -> ledger.events(run, 0, 10));
        expired(() -> ledger.events(run, before.nextSeq() - 1, 1));
        assertEquals(List.of(), ledger.events(run, before.nextSeq(), 10));
        expired(() -> ledger.fork(run, 1, null));
        // And: nothing else is the worse for it
        RunId next = completed();
        assertEquals(3, log(next).size());
    }

    @Test
    void day_within_the_time_to_keep_stays() throws SQLException {
        RunId run = completed();
        published();

        assertFalse(drop(Duration.ofHours(1)).contains(day(run)));
    }

    @Test
    void failed_run_that_has_expired_is_driven_again_by_nobody() throws SQLException {
        // Given
        RunId run = running();
        ledger.fail(run, 1, "{\"code\":\"oops\"}", false);
        ledger.record(new Decision.Fail(run.toString(), 1));
        published();

        // When
        drop(KEEP);

        // Then
        expired(() -> ledger.redrive(run, null));
        assertEquals(0, ledger.redrive("default", null, null, 10));
        assertEquals(RunStatus.FAILED, status(run));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "update outrun.run set finished_at = null",
                "update outrun.run set finished_at = now() + interval '4 days'",
                "update outrun.run set topicless = null",
                "insert into outrun.halted_run (run_id, shard, next_seq, bad_seq, reason)"
                        + " select id, shard, 1, 1, 'too large' from outrun.run",
                "delete from outrun.watermark",
                "update outrun.watermark set snapshot = '3:3:'",
                "update outrun.watermark set splits = 2",
                "insert into outrun.watermark (slot, connector, split, splits, snapshot, firehose, at)"
                        + " values ('late', 'late', 0, 1, '3:3:', '{}', now())"
            })
    void day_that_is_needed_stays(String need) throws SQLException {
        // Given
        RunId run = completed();
        published();
        List<String> log = log(run);

        // When
        execute(need);
        Set<LocalDate> dropped = drop(KEEP);

        // Then
        assertFalse(dropped.contains(day(run)));
        assertEquals(log, log(run));
    }

    @Test
    void day_that_every_part_of_a_connector_has_published_is_dropped() throws SQLException {
        RunId run = completed();
        execute(PUBLISHED.formatted("a", "halves", 0, 2));
        assertFalse(drop(KEEP).contains(day(run)));
        execute(PUBLISHED.formatted("b", "halves", 1, 2));

        assertTrue(drop(KEEP).contains(day(run)));
    }

    @Test
    void run_whose_topic_is_gone_is_dropped_as_one_that_had_none() throws SQLException {
        RunId run = completed();
        execute("update outrun.run set topicless = null, topic_deleted_at = now()");
        published();

        assertTrue(drop(KEEP).contains(day(run)));
    }

    @Test
    void logs_of_queues_and_schedules_keep_no_day() throws SQLException {
        // Given
        ledger.registerHandlers(List.of(HANDLER));
        ledger.changeQueue("default", "{\"order\":\"lifo\"}");
        ledger.putSchedule(
                Tenant.DEFAULT,
                "hourly",
                "{\"every_ms\":3600000,\"run\":{\"handler\":\"echo\",\"input\":1}}");
        RunId ended = completed();
        published();

        // When
        Set<LocalDate> dropped = drop(KEEP);

        // Then
        assertTrue(dropped.contains(day(ended)));
        ledger.changeQueue("default", "{\"order\":\"fifo\"}");
        RunId run = ledger.triggerSchedule(Tenant.DEFAULT, "hourly");
        assertEquals(RunStatus.QUEUED, status(run));
    }

    @Test
    void run_of_two_days_is_read_from_the_second_on_when_the_first_is_gone() throws SQLException {
        // Given: the second day has a run that is open
        RunId run = running();
        ledger.append(run, 1, "[{\"type\":\"a\"},{\"type\":\"b\"}]");
        ledger.complete(run, 1, "null");
        RunId open = started();
        execute(
                "update outrun.run_outbox set appended_at = appended_at + interval '1 day'"
                        + " where run_id = '%s' or run_id = '%s' and first_seq >= 2"
                                .formatted(open, run));
        execute("update outrun.run set updated_at = updated_at + interval '1 day'");
        published();

        // When
        Set<LocalDate> dropped = drop(KEEP.multipliedBy(2));

        // Then
        assertTrue(dropped.contains(day(run)));
        expired(() -> ledger.events(run, 1, 10));
        assertEquals(List.of(3L, 4L), ledger.events(run, 3, 10).stream().map(Event::seq).toList());
        expired(() -> ledger.fork(run, 3, null));
    }

    @Test
    void day_goes_another_time_while_somebody_reads_the_table() throws SQLException {
        // Given
        RunId run = completed();
        published();

        try (OpenTransaction reading =
                OpenTransaction.of(
                        stack, "select count(*) from outrun.run_outbox where run_id = ?", run)) {
            // When
            Set<LocalDate> dropped = drop(KEEP);

            // Then
            assertFalse(dropped.contains(day(run)));
            assertEquals(3, log(completed()).size());
            reading.rollback();
        }
        published();
        assertTrue(drop(KEEP).contains(day(run)));
    }

    /** Drops what can be, days without events among them. */
    private Set<LocalDate> drop(Duration keep) {
        Set<LocalDate> dropped = new HashSet<>();
        for (var day = ledger.dropDay(keep); day.isPresent(); day = ledger.dropDay(keep)) {
            dropped.add(day.get());
        }
        return dropped;
    }

    private LocalDate day(RunId run) {
        Instant created = ledger.run(run).orElseThrow().createdAt();
        return LocalDate.ofInstant(created, ZoneOffset.UTC);
    }

    private static void expired(Executable call) {
        OutrunException refusal = assertThrows(OutrunException.class, call);
        assertEquals(ErrorCode.EXPIRED, refusal.code(), refusal.getMessage());
    }

    /** As a connector says it that has published all there is. */
    private void published() throws SQLException {
        execute(PUBLISHED.formatted("all", "all", 0, 1));
    }

    private void execute(String sql) throws SQLException {
        try (Connection connection = stack.dataSource().getConnection();
                Statement statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }
}
