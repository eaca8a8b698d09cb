package dev.outrun.api;

import dev.outrun.ledger.StartRun;
import dev.outrun.schema.run.RunId;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Reads what a body asks to start, and checks it as far as the ledger does not. */
final class StartRequest {

    private static final Set<String> FIELDS =
            Set.of(
                    "handler",
                    "queue",
                    "input",
                    "delay_ms",
                    "run_at",
                    "retry",
                    "priority",
                    "concurrency_key",
                    "timeout_ms",
                    "attempt_timeout_ms",
                    "parent",
                    "on_failure",
                    "detached",
                    "wait_for",
                    "dedupe_key",
                    "dedupe_ms",
                    "idempotency_key");
    private static final long DELAY_MS_MAX = Duration.ofDays(366).toMillis();
    private static final int KEY_CHARACTERS_MAX = 255;
    private static final int PRIORITY_MAX = 1_000;

    private StartRequest() {}

    /** Reads a body, and the {@code Idempotency-Key} header where there is one. */
    static StartRun read(JsonObject body, @Nullable String keyHeader, InstantSource clock) {
        body.allow(FIELDS);
        String handler = body.string("handler");
        if (handler == null) {
            throw Text.invalid("'handler' is missing");
        }
        String queue = body.string("queue");
        JsonObject.Value input = body.value("input");
        JsonObject.Value retry = body.value("retry");
        Long priority = body.integer("priority", -PRIORITY_MAX, PRIORITY_MAX);
        return StartRun.with(Text.handler(handler), input == null ? "null" : input.json())
                .queue(queue == null ? StartRun.DEFAULT_QUEUE : Text.queue(queue))
                .idempotencyKey(idempotencyKey(body.string("idempotency_key"), keyHeader))
                .runAt(runAt(body, clock))
                .retry(retry == null || "null".equals(retry.json()) ? null : retry.json())
                .priority(priority == null ? 0 : priority.intValue())
                .concurrencyKey(key(body, "concurrency_key"))
                .timeoutMs(body.integer("timeout_ms", 1, DELAY_MS_MAX))
                .attemptTimeoutMs(body.integer("attempt_timeout_ms", 1, DELAY_MS_MAX))
                .child(child(body))
                .waitFor(body.string("wait_for"))
                .dedupe(dedupe(body))
                .build();
    }

    private static @Nullable String key(JsonObject body, String name) {
        String key = body.string(name);
        return key == null ? null : Text.atMost(name, key, KEY_CHARACTERS_MAX);
    }

    private static StartRun.@Nullable Child child(JsonObject body) {
        String parent = body.string("parent");
        String onFailure = body.string("on_failure");
        Boolean detached = body.bool("detached");
        if (parent == null) {
            if (onFailure != null || detached != null) {
                throw Text.invalid("'on_failure' and 'detached' need a 'parent'");
            }
            return null;
        }
        boolean fails =
                switch (onFailure) {
                    case null -> false;
                    case "continue" -> false;
                    case "fail_parent" -> true;
                    default -> throw Text.invalid("'on_failure' must be continue or fail_parent");
                };
        return new StartRun.Child(RunId.parse(parent), fails, Boolean.TRUE.equals(detached));
    }

    private static StartRun.@Nullable Dedupe dedupe(JsonObject body) {
        String key = key(body, "dedupe_key");
        Long windowMs = body.integer("dedupe_ms", 1, DELAY_MS_MAX);
        if (key == null && windowMs != null) {
            throw Text.invalid("'dedupe_ms' needs a 'dedupe_key'");
        }
        return key == null ? null : new StartRun.Dedupe(key, windowMs);
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
        Instant at = body.time("run_at");
        if (at == null) {
            return delayMs == null ? null : clock.instant().plusMillis(delayMs);
        } else if (delayMs != null) {
            throw Text.invalid("'delay_ms' and 'run_at' exclude each other");
        } else if (at.isAfter(clock.instant().plusMillis(DELAY_MS_MAX))) {
            throw Text.invalid("'run_at' is more than " + DELAY_MS_MAX + " ms ahead");
        }
        return at;
    }
}
