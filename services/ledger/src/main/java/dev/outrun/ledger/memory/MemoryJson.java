package dev.outrun.ledger.memory;

import dev.outrun.ledger.StartRun;
import dev.outrun.ledger.Wake;
import dev.outrun.schema.error.ErrorCode;
import dev.outrun.schema.error.OutrunException;
import dev.outrun.schema.event.EventSlicer;
import dev.outrun.schema.event.EventTypes;
import dev.outrun.schema.event.RetryPolicy;
import dev.outrun.schema.json.WireJson;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** The SQL functions' rules about JSON, for the ledger in memory. */
final class MemoryJson {

    private static final int PAYLOAD_BYTES_MAX = 1 << 20;
    private static final int APPEND_BYTES_MAX = 16 << 20;
    private static final int EVENTS_MAX = 10_000;
    private static final Pattern TYPE = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._:/-]{0,127}");
    private static final Set<String> RETRY_FIELDS =
            Set.of(
                    "max_attempts",
                    "backoff",
                    "delay_ms",
                    "max_delay_ms",
                    "delays_ms",
                    "jitter",
                    "non_retryable");

    /** The type and data of one event. */
    @SuppressWarnings("ArrayRecordComponent") // nobody compares them
    record TypeAndData(String type, byte[] data) {}

    private MemoryJson() {}

    static void checkPayload(String name, String json) {
        checkJson(json, ErrorCode.INVALID_JSON);
        checkBytes(name, json.getBytes(StandardCharsets.UTF_8).length, PAYLOAD_BYTES_MAX);
    }

    static void checkRetry(String json) {
        checkJson(json, ErrorCode.INVALID_JSON);
        try {
            Map<?, ?> retry = read(json, Map.class);
            if (retry != null && retry.entrySet().stream().allMatch(MemoryJson::isRetryField)) {
                read(json, RetryPolicy.class);
                return;
            }
        } catch (IllegalArgumentException e) {
            throw new OutrunException(ErrorCode.INVALID_REQUEST, "not a retry policy", e);
        }
        throw new OutrunException(ErrorCode.INVALID_REQUEST, "not a retry policy");
    }

    /** What is said of a run's turn in its queue. */
    static void checkTurn(StartRun start) {
        StartRun.Dedupe dedupe = start.dedupe();
        Long window = dedupe == null ? null : dedupe.windowMs();
        if (start.priority() < -1_000
                || start.priority() > 1_000
                || !isKey(start.concurrencyKey())
                || !isKey(dedupe == null ? null : dedupe.key())
                || !isDuration(window)
                || !isDuration(start.timeoutMs())
                || !isDuration(start.attemptTimeoutMs())
                || (start.waitFor() != null && start.runAt() != null)
                || start.tenant().name().equals("outrun")) {
            throw new OutrunException(ErrorCode.INVALID_REQUEST, "priority, key or window");
        }
    }

    /** Of how many children the end is awaited. */
    static void checkChildren(@Nullable String howMany) {
        if (howMany != null && !howMany.matches("all|any|[1-9][0-9]{0,4}")) {
            throw new OutrunException(ErrorCode.INVALID_REQUEST, "so many children: " + howMany);
        }
    }

    /** The data of {@code run.suspended}. */
    static String data(Wake wake) {
        List<String> fields = new ArrayList<>();
        if (wake.at() != null) {
            fields.add("\"until\":" + MemoryRuns.at(wake.at()));
        }
        if (wake.signal() != null) {
            fields.add("\"signal\":" + MemoryRuns.quoted(wake.signal()));
        }
        if (wake.children() != null) {
            fields.add("\"children\":" + MemoryRuns.quoted(wake.children()));
        }
        return "{" + String.join(",", fields) + "}";
    }

    private static boolean isDuration(@Nullable Long ms) {
        return ms == null || (ms >= 1 && ms <= 31_622_400_000L);
    }

    private static boolean isKey(@Nullable String key) {
        return key == null || (!key.isEmpty() && key.length() <= 255);
    }

    private static boolean isRetryField(Map.Entry<?, ?> field) {
        Object value = field.getValue();
        return RETRY_FIELDS.contains(field.getKey())
                && switch (String.valueOf(field.getKey())) {
                    case "backoff" -> value instanceof String;
                    case "jitter" -> value instanceof Number;
                    case "delays_ms" ->
                            value instanceof List<?> delays
                                    && !delays.isEmpty()
                                    && delays.stream().allMatch(Integer.class::isInstance);
                    case "non_retryable" ->
                            value instanceof List<?> codes
                                    && codes.stream().allMatch(String.class::isInstance);
                    default -> value instanceof Integer;
                };
    }

    static List<TypeAndData> events(String json) {
        checkJson(json, ErrorCode.INVALID_EVENTS);
        byte[] append = json.getBytes(StandardCharsets.UTF_8);
        List<TypeAndData> events = new ArrayList<>();
        try {
            EventSlicer slicer = new EventSlicer(append);
            while (slicer.next()) {
                events.add(new TypeAndData(checkType(slicer.type()), slicer.data()));
            }
        } catch (IllegalArgumentException e) {
            throw new OutrunException(ErrorCode.INVALID_EVENTS, "not events", e);
        }
        if (events.isEmpty() || events.size() > EVENTS_MAX) {
            throw new OutrunException(ErrorCode.INVALID_EVENTS, "no events, or too many");
        }
        checkBytes("events", append.length, APPEND_BYTES_MAX);
        if (!isText(WireJson.read(append, List.class))) {
            throw new OutrunException(ErrorCode.INVALID_EVENTS, "not text");
        }
        for (TypeAndData event : events) {
            checkBytes("data", event.data().length, PAYLOAD_BYTES_MAX);
        }
        return events;
    }

    private static String checkType(String type) {
        if (!TYPE.matcher(type).matches() || type.startsWith(EventTypes.RESERVED_PREFIX)) {
            throw new OutrunException(ErrorCode.INVALID_EVENTS, "not an event type: " + type);
        }
        return type;
    }

    /** Postgres has no text for an escaped NUL, nor for half a surrogate. */
    private static boolean isText(@Nullable Object json) {
        return switch (json) {
            case String text ->
                    text.indexOf('\0') < 0 && StandardCharsets.UTF_16.newEncoder().canEncode(text);
            case List<?> list -> list.stream().allMatch(MemoryJson::isText);
            case Map<?, ?> map ->
                    map.keySet().stream().allMatch(MemoryJson::isText)
                            && map.values().stream().allMatch(MemoryJson::isText);
            case null, default -> true;
        };
    }

    /** The mapper passes over what follows a value: only one value is one value in both wraps. */
    private static void checkJson(String json, ErrorCode malformed) {
        try {
            List<?> list = read("[" + json + "]", List.class);
            read("{\"value\":" + json + "}", Map.class);
            if (list != null && list.size() == 1) {
                return;
            }
        } catch (IllegalArgumentException e) {
            throw new OutrunException(malformed, "not JSON", e);
        }
        throw new OutrunException(malformed, "not one JSON value");
    }

    private static <T> @Nullable T read(String json, Class<T> type) {
        return WireJson.read(json.getBytes(StandardCharsets.UTF_8), type);
    }

    private static void checkBytes(String name, int bytes, int most) {
        if (bytes > most) {
            throw new OutrunException(
                    ErrorCode.PAYLOAD_TOO_LARGE,
                    name + " has " + bytes + " bytes, more than " + most);
        }
    }
}
