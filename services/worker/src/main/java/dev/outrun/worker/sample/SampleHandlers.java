package dev.outrun.worker.sample;

import dev.outrun.worker.JsonText;
import dev.outrun.worker.RunHandler;
import java.util.Map;

/** The sample handlers by their names. */
public final class SampleHandlers {

    private SampleHandlers() {}

    /**
     * All of them: {@code echo}, {@code chat-demo}, {@code flaky}, {@code sleeper}, {@code
     * approval}.
     */
    public static Map<String, RunHandler> all() {
        return Map.of(
                "echo",
                echo(),
                "chat-demo",
                new ChatDemo(Pace.REAL),
                "flaky",
                new Flaky(),
                "sleeper",
                sleeper(),
                "approval",
                approval());
    }

    /** Emits its input as {@code echo} and returns it, byte for byte. */
    private static RunHandler echo() {
        return (run, input) -> {
            JsonText same = new JsonText(input.json());
            run.emit("echo", same);
            return same;
        };
    }

    /** Waits for the signal {@code approval}, without a worker, and returns what it says. */
    private static RunHandler approval() {
        return (run, input) -> run.awaitSignal("approval", JsonText.class);
    }

    /** Runs until it is cancelled. */
    private static RunHandler sleeper() {
        return (run, input) -> {
            while (true) {
                Thread.sleep(Long.MAX_VALUE);
            }
        };
    }
}
