package dev.outrun.ledger;

import com.fasterxml.jackson.databind.JsonNode;
import dev.outrun.schema.error.ErrorCode;
import dev.outrun.schema.error.OutrunException;
import dev.outrun.schema.json.WireJson;
import dev.outrun.schema.run.RunId;
import dev.outrun.schema.run.Tenant;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A tree of runs to be started, as {@code outrun.start_flow} takes it, for the ledger in memory.
 */
record MemoryFlow(JsonNode run, List<MemoryFlow> children) {

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
        return of(WireJson.read(json.getBytes(StandardCharsets.UTF_8), JsonNode.class));
    }

    private static MemoryFlow of(JsonNode json) {
        boolean known = json.isObject();
        for (var names = json.fieldNames(); names.hasNext(); ) {
            known &= FIELDS.contains(names.next());
        }
        JsonNode children = json.path("children");
        if (!known || !(children.isMissingNode() || children.isArray())) {
            throw new OutrunException(ErrorCode.INVALID_REQUEST, "not a flow");
        }
        List<MemoryFlow> flows = new ArrayList<>();
        children.forEach(child -> flows.add(of(child)));
        return new MemoryFlow(json, flows);
    }

    /** The run at the root of this tree. */
    StartRun start(Tenant tenant, @Nullable RunId parent) {
        boolean fails = run.path("on_failure").asText("continue").equals("fail_parent");
        String waitFor = text("wait_for");
        return StartRun.with(
                        run.path("handler").asText(),
                        run.has("input") ? run.get("input").toString() : "null")
                .tenant(tenant)
                .queue(run.path("queue").asText(StartRun.DEFAULT_QUEUE))
                .retry(run.has("retry") ? run.get("retry").toString() : null)
                .priority(run.path("priority").asInt())
                .concurrencyKey(text("concurrency_key"))
                .timeoutMs(number("timeout_ms"))
                .attemptTimeoutMs(number("attempt_timeout_ms"))
                .child(
                        parent == null
                                ? null
                                : new StartRun.Child(
                                        parent, fails, run.path("detached").asBoolean()))
                .waitFor(waitFor == null && !children.isEmpty() ? "all" : waitFor)
                .build();
    }

    private @Nullable String text(String name) {
        return run.has(name) ? run.get(name).asText() : null;
    }

    private @Nullable Long number(String name) {
        return run.has(name) ? (Long) run.get(name).asLong() : null;
    }
}
