package dev.outrun.ledger.memory;

import dev.outrun.ledger.StartRun;
import dev.outrun.schema.error.ErrorCode;
import dev.outrun.schema.error.OutrunException;
import dev.outrun.schema.json.WireJson;
import dev.outrun.schema.run.RunId;
import dev.outrun.schema.run.Tenant;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A tree of runs to be started, as {@code outrun.start_flow} takes it, for the ledger in memory.
 */
record MemoryFlow(Map<?, ?> run, List<MemoryFlow> children) {

    private static final Set<String> FIELDS =
            Set.of(
                    "handler",
                    "input",
                    "queue",
                    "priority",
                    "concurrency_key",
                    "retry",
                    "timeout_ms",
                    "attempt_timeout_ms",
                    "on_failure",
                    "detached",
                    "wait_for",
                    "children");

    static MemoryFlow read(String json) {
        return of(WireJson.read(json.getBytes(StandardCharsets.UTF_8), Object.class));
    }

    private static MemoryFlow of(@Nullable Object json) {
        if (!(json instanceof Map<?, ?> run)
                || !FIELDS.containsAll(run.keySet())
                || !(run.get("children") == null || run.get("children") instanceof List)) {
            throw new OutrunException(ErrorCode.INVALID_REQUEST, "not a flow");
        }
        List<MemoryFlow> children = new ArrayList<>();
        if (run.get("children") instanceof List<?> flows) {
            flows.forEach(flow -> children.add(of(flow)));
        }
        return new MemoryFlow(run, children);
    }

    /** The run at the root of this tree. */
    StartRun start(Tenant tenant, @Nullable RunId parent) {
        boolean fails = "fail_parent".equals(run.get("on_failure"));
        boolean detached = Boolean.TRUE.equals(run.get("detached"));
        String queue = text("queue");
        String input = json("input");
        String waitFor = text("wait_for");
        return StartRun.with(String.valueOf(run.get("handler")), input == null ? "null" : input)
                .tenant(tenant)
                .queue(queue == null ? StartRun.DEFAULT_QUEUE : queue)
                .retry(json("retry"))
                .priority(run.get("priority") instanceof Integer priority ? priority : 0)
                .concurrencyKey(text("concurrency_key"))
                .timeoutMs(number("timeout_ms"))
                .attemptTimeoutMs(number("attempt_timeout_ms"))
                .child(parent == null ? null : new StartRun.Child(parent, fails, detached))
                .waitFor(waitFor == null && !children.isEmpty() ? "all" : waitFor)
                .build();
    }

    private @Nullable String text(String name) {
        return run.get(name) instanceof String text ? text : null;
    }

    private @Nullable Long number(String name) {
        return run.get(name) instanceof Number number ? (Long) number.longValue() : null;
    }

    private @Nullable String json(String name) {
        Object value = run.get(name);
        return value == null ? null : new String(WireJson.write(value), StandardCharsets.UTF_8);
    }
}
