package dev.outrun.api;

import dev.outrun.ledger.StartRun;
import dev.outrun.schema.run.RunId;
import dev.outrun.schema.run.Tenant;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** What a body asks to start, checked as far as the ledger does not check it. */
record StartRequest(
        String handler,
        String queue,
        String input,
        @Nullable String idempotencyKey,
        @Nullable Instant runAt,
        @Nullable String retry) {

    private static final Set<String> FIELDS =
            Set.of("handler", "queue", "input", "delay_ms", "run_at", "retry", "idempotency_key");
    private static final long DELAY_MS_MAX = Duration.ofDays(366).toMillis();
    private static final int KEY_CHARACTERS_MAX = 255;

    /** Reads a body, and the {@code Idempotency-Key} header where there is one. */
    static StartRequest of(JsonObject body, @Nullable String keyHeader, InstantSource clock) {
        body.allow(FIELDS);
        String handler = body.string("handler");
        if (handler == null) {
            throw Text.invalid("'handler' is missing");
        }
        String queue = body.string("queue");
        JsonObject.Value input = body.value("input");
        JsonObject.Value retry = body.value("retry");
        return new StartRequest(
                Text.handler(handler),
                queue == null ? StartRun.DEFAULT_QUEUE : Text.queue(queue),
                input == null ? "null" : input.json(),
                idempotencyKey(body.string("idempotency_key"), keyHeader),
                runAt(body, clock),
                retry == null || "null".equals(retry.json()) ? null : retry.json());
    }

    StartRun toStart(RunId id, Tenant tenant) {
        return new StartRun(id, tenant, queue, handler, input, idempotencyKey, runAt, retry);
    }

    private static @Nullable String idempotencyKey(
            @Nullable String field, @Nullable String header) {
        if (field != null && header != null && !field.equals(header)) {
            throw Text.invalid("'idempotency_key' and the Idempotency-Key header differ");
        }
        String key = field == null ? header : field;
        return key == null ? null : Text.atMost("idempotency_key", key, KEY_CHARACTERS_MAX);
    }

    private static @Nullable Instant runAt(JsonObject body, InstantSource clock) {
        Long delayMs = body.integer("delay_ms", 0, DELAY_MS_MAX);
        String at = body.string("run_at");
        if (at == null) {
            return delayMs == null ? null : clock.instant().plusMillis(delayMs);
        }
        if (delayMs != null) {
            throw Text.invalid("'delay_ms' and 'run_at' exclude each other");
        }
        try {
            Instant instant = Instant.parse(at);
            if (instant.isAfter(clock.instant().plusMillis(DELAY_MS_MAX))) {
                throw Text.invalid("'run_at' is more than " + DELAY_MS_MAX + " ms ahead");
            }
            return Objects.requireNonNull(instant);
        } catch (DateTimeException e) {
            throw Text.invalid("'run_at' must be a time such as 2026-01-31T12:00:00Z");
        }
    }
}
