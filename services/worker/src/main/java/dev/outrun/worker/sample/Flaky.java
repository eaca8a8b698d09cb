package dev.outrun.worker.sample;

import com.fasterxml.jackson.databind.JsonNode;
import dev.outrun.schema.event.Event;
import dev.outrun.schema.event.EventTypes;
import dev.outrun.schema.json.WireJson;
import dev.outrun.worker.HandlerFailure;
import dev.outrun.worker.Input;
import dev.outrun.worker.RunContext;
import dev.outrun.worker.RunHandler;
import java.util.Map;

/**
 * Fails twice, then succeeds. It counts its own failures in the run's log, so that an attempt that
 * was handed back or lost does not count.
 */
final class Flaky implements RunHandler {

    static final String CODE = "flaky";
    static final int FAILURES = 2;

    @Override
    public Object run(RunContext run, Input input) {
        int failures = 0;
        for (Event event : run.history()) {
            if (isOurFailure(event)) {
                failures++;
            }
        }
        if (failures < FAILURES) {
            throw new HandlerFailure(
                    CODE, "failure " + (failures + 1) + " of " + FAILURES + ", as announced");
        }
        return Map.of("failures", failures);
    }

    private static boolean isOurFailure(Event event) {
        return event.type().equals(EventTypes.ATTEMPT_FAILED)
                && WireJson.read(event.data(), JsonNode.class)
                        .path("error")
                        .path("code")
                        .asText()
                        .equals(CODE);
    }
}
