package dev.outrun.testkit;

import dev.outrun.worker.HandlerProvider;
import dev.outrun.worker.RunHandler;
import java.util.Map;

/** A user's handlers, as {@code ./outrun serve} finds them on its class path. */
public final class GreetingHandlers implements HandlerProvider {

    @Override
    public Map<String, RunHandler> handlers() {
        return Map.of(
                "greet",
                (run, input) -> {
                    run.emit("greeting", "hello");
                    return null;
                });
    }
}
