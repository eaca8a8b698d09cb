package dev.outrun.ledger;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.outrun.schema.error.ErrorCode;
import dev.outrun.schema.event.Event;
import dev.outrun.schema.run.RunId;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The ledger's contract about appending events. */
interface AppendContract extends LedgerContract {

    @Test
    default void append_numbers_events_without_gaps() {
        // Given
        RunId run = running();

        // When
        long first = ledger().append(run, 1, "[{\"type\":\"a\",\"data\":1},{\"type\":\"b\"}]");
        long second = ledger().append(run, null, "[{\"data\":{},\"type\":\"c\"}]");

        // Then
        assertEquals(2, first);
        assertEquals(4, second);
        assertEquals(
                List.of(
                        "1 1 run.attempt.started {\"worker\":\"w1@1\"}",
                        "2 1 a 1",
                        "3 1 b null",
                        "4 1 c {}"),
                log(run).subList(1, 5));
        assertEquals(5, ledger().run(run).orElseThrow().nextSeq());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"n\": 1.00}",
                "{ \"a\" :\t[1 , 2],\n \"a\": 2 }",
                "\"\\u00e9\\/\\ud83d\\ude00\"",
                "\"é😀\u2028\"",
                "1e400",
                "-0",
                "null",
                "\"\"",
                "[{\"type\":\"run.completed\",\"data\":\"]},{\"}]",
                "12345678901234567890.12345678901234567890"
            })
    default void append_keeps_data_byte_for_byte(String data) {
        // Given
        RunId run = running();

        // When
        ledger().append(run, 1, "[ {\"type\": \"a\", \"data\": " + data + " } ]");

        // Then
        assertEquals(data, LedgerContract.data(ledger().events(run, 2, 1).getFirst()));
    }

    @Test
    default void append_of_1_mib_of_data_keeps_it() {
        // Given
        RunId run = running();
        String data = '"' + "é".repeat((1 << 19) - 1) + '"';

        // When
        ledger().append(run, 1, "[{\"type\":\"a\",\"data\":" + data + "}]");

        // Then
        assertEquals(data, LedgerContract.data(ledger().events(run, 2, 1).getFirst()));
    }

    @Test
    default void append_of_data_beyond_1_mib_is_refused() {
        RunId run = running();
        String data = '"' + "é".repeat(1 << 19) + '"';
        refuses(
                ErrorCode.PAYLOAD_TOO_LARGE,
                run,
                () -> ledger().append(run, 1, "[{\"type\":\"a\",\"data\":" + data + "}]"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "[",
                "null",
                "{}",
                "[]",
                "[1]",
                "[null]",
                "[{}]",
                "[{\"data\":1}]",
                "[{\"type\":1}]",
                "[{\"type\":\"\"}]",
                "[{\"type\":\"a b\"}]",
                "[{\"type\":\"\\u0061\"}]",
                "[{\"type\":\"run.completed\"}]",
                "[{\"type\":\"a\",\"x\":1}]",
                "[{\"type\":\"a\"}] []",
                "[{\"type\":\"good\"},{\"type\":\"run.bad\"}]",
                "[{\"type\":\"a\",\"data\":\"\\u0000\"}]",
                "[{\"type\":\"a\",\"data\":\"\\ud800\"}]"
            })
    default void append_of_what_is_no_events_is_refused(String events) {
        RunId run = running();
        refuses(ErrorCode.INVALID_EVENTS, run, () -> ledger().append(run, 1, events));
    }

    @Test
    default void append_of_more_than_10000_events_is_refused() {
        RunId run = running();
        String events = "[" + "{\"type\":\"a\"},".repeat(10_000) + "{\"type\":\"a\"}]";
        refuses(ErrorCode.INVALID_EVENTS, run, () -> ledger().append(run, 1, events));
    }

    @Test
    default void append_with_a_type_of_129_characters_is_refused() {
        RunId run = running();
        String events = "[{\"type\":\"" + "a".repeat(129) + "\"}]";
        refuses(ErrorCode.INVALID_EVENTS, run, () -> ledger().append(run, 1, events));
    }

    @Test
    default void append_to_an_unknown_run_is_refused() {
        RunId run = new RunId(new UUID(1, 2));
        refuses(ErrorCode.UNKNOWN_RUN, run, () -> append(run, null));
        refuses(ErrorCode.UNKNOWN_RUN, run, () -> append(run, 1));
    }

    @Test
    default void append_to_a_closed_run_is_refused() {
        RunId run = completed();
        refuses(ErrorCode.RUN_CLOSED, run, () -> append(run, 1));
        refuses(ErrorCode.RUN_CLOSED, run, () -> append(run, null));
    }

    @Test
    default void append_by_an_attempt_that_is_not_live_is_refused() {
        RunId run = retrying();
        refuses(ErrorCode.STALE_ATTEMPT, run, () -> append(run, 1));
        claim(run, 2);
        refuses(ErrorCode.STALE_ATTEMPT, run, () -> append(run, 1));
        refuses(ErrorCode.STALE_ATTEMPT, run, () -> append(run, 0));
        refuses(ErrorCode.STALE_ATTEMPT, run, () -> append(run, 3));
    }

    @Test
    default void append_from_outside_of_any_attempt_is_admitted_until_the_run_is_closed() {
        // Given
        RunId queued = started();
        RunId retrying = retrying();

        // When
        long toQueued = append(queued, null);
        long toRetrying = append(retrying, null);

        // Then
        assertEquals(1, toQueued);
        assertEquals(3, toRetrying);
    }

    @Test
    default void append_by_eight_threads_leaves_no_gap() throws Exception {
        // Given
        RunId run = running();
        Map<Long, String> written = new ConcurrentSkipListMap<>();

        // When
        try (var threads = Executors.newFixedThreadPool(8)) {
            List<Future<?>> all = new ArrayList<>();
            for (int i = 0; i < 8; i++) {
                String thread = "t" + i;
                all.add(threads.submit(() -> appendMany(run, thread, written)));
            }
            for (Future<?> each : all) {
                each.get();
            }
        }

        // Then
        Map<Long, String> read = new TreeMap<>();
        for (Event event : ledger().events(run, 2, Integer.MAX_VALUE)) {
            read.put(event.seq(), event.type() + LedgerContract.data(event));
        }
        assertEquals(new TreeMap<>(written), read);
        assertEquals(8 * 20 * 2, read.size());
        assertEquals(2 + 8 * 20 * 2, ledger().run(run).orElseThrow().nextSeq());
    }

    private void appendMany(RunId run, String thread, Map<Long, String> written) {
        for (int n = 0; n < 40; n += 2) {
            String one = "{\"type\":\"" + thread + "\",\"data\":" + n + "}";
            String two = "{\"type\":\"" + thread + "\",\"data\":" + (n + 1) + "}";
            long first = ledger().append(run, 1, "[" + one + "," + two + "]");
            written.put(first, thread + n);
            written.put(first + 1, thread + (n + 1));
        }
    }

    private long append(RunId run, @Nullable Integer attempt) {
        return ledger().append(run, attempt, "[{\"type\":\"a\"}]");
    }
}
