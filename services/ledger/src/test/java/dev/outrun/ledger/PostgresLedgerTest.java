package dev.outrun.ledger;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outrun.schema.error.ErrorCode;
import dev.outrun.schema.error.OutrunException;
import dev.outrun.schema.run.RunId;
import dev.outrun.schema.schedule.Occurrences;
import dev.outrun.schema.schedule.ScheduleSettings;
import dev.outrun.schema.schedule.ScheduleSettings.CatchUp;
import dev.outrun.schema.sql.PostgresAddress;
import dev.outrun.teststack.TestStack;
import dev.outrun.teststack.TestStackExtension;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.api.extension.ExtendWith;

/** One database for all of them: that they do not get in each other's way is part of the test. */
@ExtendWith(TestStackExtension.class)
@TestInstance(Lifecycle.PER_CLASS)
final class PostgresLedgerTest
        implements StartContract,
                AppendContract,
                AttemptContract,
                CancelContract,
                DecisionContract,
                QueueContract,
                SignalContract,
                ForkContract,
                FlowContract,
                ScheduleContract,
                StreamContract,
                StreamForkContract,
                ReadContract {

    private final TestStack stack;
    private final PostgresLedger ledger;

    PostgresLedgerTest(TestStack stack) {
        this.stack = stack;
        this.ledger = PostgresLedger.open(new LedgerConfig(stack.postgres(), 8, "contract"));
    }

    @AfterAll
    void close() {
        ledger.close();
    }

    @Override
    public Ledger ledger() {
        return ledger;
    }

    @Test
    void cron_that_is_one_in_sql_is_one_in_java() throws SQLException {
        // Given
        Random random = new Random(1);
        String[] crons = new String[5_000];
        Arrays.setAll(crons, i -> randomCron(random));

        // When
        List<String> good = new ArrayList<>();
        try (Connection connection = stack.dataSource().getConnection();
                PreparedStatement asked =
                        connection.prepareStatement(
                                "select c, outrun.is_cron(c) from unnest(?) c")) {
            asked.setArray(1, connection.createArrayOf("text", crons));
            try (ResultSet answers = asked.executeQuery()) {
                while (answers.next()) {
                    if (answers.getBoolean(2)) {
                        good.add(answers.getString(1));
                    }
                }
            }
        }

        // Then
        assertEquals(good, good.stream().filter(PostgresLedgerTest::isCron).toList());
        assertTrue(good.size() > 500 && good.size() < 4_500, good.size() + " good ones");
    }

    private static boolean isCron(String cron) {
        try {
            Occurrences.of(
                    new ScheduleSettings(
                            "t",
                            "s",
                            cron,
                            "UTC",
                            null,
                            null,
                            null,
                            CatchUp.ONE,
                            false,
                            Instant.EPOCH));
            return true;
        } catch (IllegalArgumentException e) {
            return false;
        }
    }

    private static String randomCron(Random random) {
        int fields = random.nextInt(20) == 0 ? 4 + random.nextInt(3) : 5;
        int[] highest = {59, 23, 31, 12, 7, 9};
        return IntStream.range(0, fields)
                .mapToObj(i -> randomField(random, highest[i]))
                .collect(Collectors.joining(" "));
    }

    private static String randomField(Random random, int highest) {
        List<String> parts = new ArrayList<>();
        do {
            String first = randomValue(random, highest);
            String part =
                    switch (random.nextInt(4)) {
                        case 0 -> "*";
                        case 1 -> first + "-" + randomValue(random, highest);
                        default -> first;
                    };
            parts.add(random.nextInt(4) == 0 ? part + "/" + random.nextInt(highest + 2) : part);
        } while (random.nextInt(4) == 0);
        return String.join(",", parts);
    }

    private static String randomValue(Random random, int highest) {
        List<String> words = List.of("jan", "DEC", "mon", "Sun", "xyz", "", "-1", "L", "?");
        return random.nextInt(40) == 0
                ? words.get(random.nextInt(words.size()))
                : Integer.toString(random.nextInt(highest + (random.nextInt(8) == 0 ? 3 : 1)));
    }

    @Test
    void halted_run_says_why_and_is_resolved() throws SQLException {
        // Given
        RunId run = running();
        try (Connection connection = stack.dataSource().getConnection();
                Statement statement = connection.createStatement()) {
            statement.execute(
                    "insert into outrun.halted_run (run_id, shard, next_seq, bad_seq, reason)"
                            + " values ('%s', 0, 1, 2, 'too long')".formatted(run));
        }

        // When
        Run.Halted halted = ledger.run(run).orElseThrow().halted();
        boolean resolved = ledger.resolve(run);
        boolean other = ledger.resolve(running());

        // Then
        assertEquals(
                new Run.Halted(1, 2, "too long", halted == null ? Instant.MIN : halted.since()),
                halted);
        assertTrue(resolved);
        assertFalse(other);
    }

    @Test
    void reaped_run_says_since_when() throws SQLException {
        // Given
        RunId run = completed();
        Instant since = Instant.parse("2030-01-31T12:00:00.123456Z");
        assertNull(ledger.run(run).orElseThrow().topicDeletedAt());

        // When
        try (Connection connection = stack.dataSource().getConnection();
                Statement statement = connection.createStatement()) {
            statement.execute(
                    "update outrun.run set topic_deleted_at = '%s' where id = '%s'"
                            .formatted(since, run));
        }

        // Then
        assertEquals(since, ledger.run(run).orElseThrow().topicDeletedAt());
    }

    @Test
    void append_rolled_back_leaves_nothing() throws SQLException {
        // Given
        RunId run = running();
        List<String> before = log(run);

        // When
        try (OpenTransaction lost =
                OpenTransaction.of(
                        stack, "select outrun.append(?, 1, '[{\"type\":\"lost\"}]')", run)) {
            lost.rollback();
        }

        // Then
        assertEquals(before, log(run));
        assertEquals(2, ledger.append(run, 1, "[{\"type\":\"next\"}]"));
    }

    @Test
    void start_in_a_new_queue_does_not_wait_for_an_open_transaction_that_did_the_same()
            throws SQLException {
        // Given
        ledger.registerHandlers(List.of(HANDLER));
        try (Connection open = stack.dataSource().getConnection();
                Connection other = stack.dataSource().getConnection()) {
            open.setAutoCommit(false);
            startInNewQueue(open);

            // When
            try (Statement patience = other.createStatement()) {
                patience.execute("set lock_timeout = '1ms'");
            }
            startInNewQueue(other);

            // Then
            open.rollback();
        }
    }

    @Test
    void claims_of_many_workers_at_once_stay_within_the_queues_concurrency() throws Exception {
        // Given
        ledger.registerHandlers(List.of(HANDLER));
        ledger.changeQueue("crowded", "{\"concurrency\":3}");
        List<Callable<Boolean>> claims = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            RunId run = ledger.start(StartRun.with(HANDLER, "1").queue("crowded").build());
            claims.add(() -> ledger.claim(run, 1, WORKER).isPresent());
        }

        // When
        int granted = 0;
        try (ExecutorService workers = Executors.newFixedThreadPool(8)) {
            for (Future<Boolean> claim : workers.invokeAll(claims)) {
                granted += claim.get() ? 1 : 0;
            }
        }

        // Then
        assertEquals(3, granted);
    }

    private static void startInNewQueue(Connection connection) throws SQLException {
        try (PreparedStatement start =
                connection.prepareStatement("select outrun.start_run(?, queue => 'new')")) {
            start.setString(1, HANDLER);
            start.execute();
        }
    }

    @Test
    void call_without_a_database_is_unavailable() {
        // Given
        RunId run = running();
        PostgresLedger closed =
                PostgresLedger.open(new LedgerConfig(stack.postgres(), 1, "closed"));
        closed.close();

        // When
        OutrunException refusal =
                assertThrows(OutrunException.class, () -> closed.complete(run, 1, "1"));

        // Then
        assertEquals(ErrorCode.UNAVAILABLE, refusal.code());
    }

    @Test
    void call_whose_connection_is_terminated_is_unavailable_and_the_next_one_works()
            throws Exception {
        // Given
        RunId run = running();
        try (PostgresLedger single =
                        PostgresLedger.open(new LedgerConfig(stack.postgres(), 1, "terminated"));
                ExecutorService caller = Executors.newSingleThreadExecutor();
                OpenTransaction locking =
                        OpenTransaction.of(
                                stack, "select from outrun.run where id = ? for update", run)) {
            Future<Long> waiting =
                    caller.submit(() -> single.append(run, 1, "[{\"type\":\"lost\"}]"));

            // When
            terminateWhileItWaitsForALock("terminated");

            // Then
            ExecutionException failure = assertThrows(ExecutionException.class, waiting::get);
            assertEquals(ErrorCode.UNAVAILABLE, code(failure));
            locking.rollback();
            assertEquals(2, single.append(run, 1, "[{\"type\":\"next\"}]"));
        }
    }

    @Test
    void open_where_nobody_answers_is_unavailable() {
        // Given
        PostgresAddress nobody = new PostgresAddress("127.0.0.1", 1, "x", "x", "secret");

        // When
        OutrunException refusal =
                assertThrows(
                        OutrunException.class,
                        () -> PostgresLedger.open(new LedgerConfig(nobody, 1, "nobody")));

        // Then
        assertEquals(ErrorCode.UNAVAILABLE, refusal.code());
        assertFalse(String.valueOf(refusal.getMessage()).contains("secret"));
    }

    @Test
    void refusal_does_not_quote_the_payload() {
        // Given
        ledger.registerHandlers(List.of(HANDLER));
        StartRun start = StartRun.of(HANDLER, "{\"password\": hunter2}");

        // When
        OutrunException refusal = assertThrows(OutrunException.class, () -> ledger.start(start));

        // Then
        for (Throwable at = refusal; at != null; at = at.getCause()) {
            assertFalse(String.valueOf(at.getMessage()).contains("hunter2"), at.getMessage());
        }
    }

    private static @Nullable ErrorCode code(ExecutionException failure) {
        return failure.getCause() instanceof OutrunException refusal ? refusal.code() : null;
    }

    private void terminateWhileItWaitsForALock(String name) throws SQLException {
        try (Connection connection = stack.dataSource().getConnection();
                PreparedStatement terminate =
                        connection.prepareStatement(
                                "select pg_terminate_backend(pid) from pg_stat_activity"
                                        + " where application_name = ? and wait_event_type = 'Lock'")) {
            terminate.setString(1, name);
            boolean terminated = false;
            while (!terminated) {
                try (ResultSet found = terminate.executeQuery()) {
                    terminated = found.next();
                }
            }
        }
    }
}
