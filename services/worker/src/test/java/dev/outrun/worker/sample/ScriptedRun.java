package dev.outrun.worker.sample;

import dev.outrun.ledger.StartRun;
import dev.outrun.schema.event.Event;
import dev.outrun.schema.json.WireJson;
import dev.outrun.schema.run.RunId;
import dev.outrun.worker.ChildResult;
import dev.outrun.worker.RunContext;
import dev.outrun.worker.Step;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** A run with a history that the test has written; keeps what is emitted. */
final class ScriptedRun implements RunContext {

    final List<String> emitted = new ArrayList<>();
    private final List<Event> history = new ArrayList<>();

    ScriptedRun withHistory(String type, String data) {
        history.add(
                new Event(
                        runId(),
                        history.size(),
                        type,
                        1,
                        Instant.EPOCH,
                        data.getBytes(StandardCharsets.UTF_8)));
        return this;
    }

    @Override
    public RunId runId() {
        return new RunId(new UUID(1, 1));
    }

    @Override
    public int attempt() {
        return 1;
    }

    @Override
    public void emit(String type, @Nullable Object data) {
        String json =
                data == null ? "null" : new String(WireJson.write(data), StandardCharsets.UTF_8);
        emitted.add(type + " " + json);
    }

    @Override
    public void flush() {}

    @Override
    public Iterable<Event> history() {
        return history;
    }

    @Override
    @SafeVarargs
    public final <T extends @Nullable Object, E extends Exception> T step(
            String name, Step<T, E> work, T... type) throws E {
        return work.run();
    }

    @Override
    public void sleep(Duration time) {}

    @Override
    public <T> @Nullable T awaitSignal(String name, Class<T> type) {
        throw new UnsupportedOperationException("no signals in this script");
    }

    @Override
    public <T> Optional<T> awaitSignal(String name, Class<T> type, Duration limit) {
        return Optional.empty();
    }

    @Override
    public RunId startChild(String name, StartRun child) {
        throw new UnsupportedOperationException("no children in this script");
    }

    @Override
    public ChildResult awaitChild(RunId child) {
        throw new UnsupportedOperationException("no children in this script");
    }

    @Override
    public List<ChildResult> awaitChildren() {
        return List.of();
    }
}
