package dev.outrun.testkit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.outrun.ledger.StartRun;
import dev.outrun.schema.error.ErrorCode;
import dev.outrun.schema.error.OutrunException;
import dev.outrun.schema.event.Event;
import dev.outrun.schema.run.RunId;
import dev.outrun.worker.RunContext;
import dev.outrun.worker.RunHandler;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;

/** A stepped Outrun with the handler that a test is about, and others that it needs. */
abstract class DurableHandlers {

    static final Duration HOUR = Duration.ofHours(1);

    final List<String> done = new ArrayList<>();
    final Map<String, RunHandler> handlers = new HashMap<>();
    SteppedOutrun outrun = SteppedOutrun.with(Map.of()).open();

    @AfterEach
    void close() {
        outrun.close();
    }

    int step(RunContext run, String name, int value) {
        return run.step(
                name,
                () -> {
                    done.add(name + " " + value);
                    return value;
                });
    }

    static void failUntil(RunContext run, int attempt) {
        if (run.attempt() < attempt) {
            throw new IllegalStateException("not in this one");
        }
    }

    static void refused(ErrorCode code, Runnable call) {
        assertEquals(code, assertThrows(OutrunException.class, call::run).code());
    }

    void open(RunHandler handler) {
        handlers.put("it", handler);
        outrun.close();
        outrun = SteppedOutrun.with(handlers).open();
    }

    RunId start() {
        return outrun.start(StartRun.with("it", "1").retry("{\"max_attempts\":9}").build());
    }

    int count(RunId run, String type) {
        return seqsOf(run, type).size();
    }

    List<Long> seqsOf(RunId run, String type) {
        return outrun.log(run).stream()
                .filter(event -> event.type().equals(type))
                .map(Event::seq)
                .toList();
    }

    static String data(Event event) {
        return new String(event.data(), StandardCharsets.UTF_8);
    }
}
