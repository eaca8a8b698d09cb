package dev.outrun.worker;

import dev.outrun.ledger.Ledger;
import dev.outrun.schema.error.ErrorCode;
import dev.outrun.schema.error.OutrunException;
import dev.outrun.schema.event.Event;
import dev.outrun.schema.event.EventTypes;
import dev.outrun.schema.run.RunId;
import java.nio.charset.StandardCharsets;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** The context of one attempt: checks what is emitted and puts it into the sink. */
final class AttemptContext implements RunContext {

    private static final int DATA_BYTES_MAX = 1 << 20;
    private static final Pattern TYPE = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._:/-]{0,127}");

    private final RunId runId;
    private final int attempt;
    private final long firstOwnSeq;
    private final Ledger ledger;
    private final EventSink sink;

    AttemptContext(RunId runId, int attempt, long firstOwnSeq, Ledger ledger, EventSink sink) {
        this.runId = runId;
        this.attempt = attempt;
        this.firstOwnSeq = firstOwnSeq;
        this.ledger = ledger;
        this.sink = sink;
    }

    @Override
    public RunId runId() {
        return runId;
    }

    @Override
    public int attempt() {
        return attempt;
    }

    @Override
    public void emit(String type, @Nullable Object data) {
        if (!TYPE.matcher(type).matches() || type.startsWith(EventTypes.RESERVED_PREFIX)) {
            throw new OutrunException(
                    ErrorCode.INVALID_EVENTS, "'" + type + "' is not a type a handler may emit");
        }
        String json = json(type, data);
        int bytes = json.getBytes(StandardCharsets.UTF_8).length;
        if (bytes > DATA_BYTES_MAX) {
            throw new OutrunException(
                    ErrorCode.PAYLOAD_TOO_LARGE,
                    "the data of '"
                            + type
                            + "' has "
                            + bytes
                            + " bytes, more than "
                            + DATA_BYTES_MAX);
        }
        interruptibly(() -> sink.add("{\"type\":\"" + type + "\",\"data\":" + json + "}", bytes));
    }

    private static String json(String type, @Nullable Object data) {
        try {
            return JsonText.of(data);
        } catch (IllegalArgumentException e) {
            throw new OutrunException(
                    ErrorCode.INVALID_EVENTS, "the data of '" + type + "' has no JSON", e);
        }
    }

    @Override
    public void flush() {
        interruptibly(sink::flush);
    }

    @Override
    public Iterable<Event> history() {
        return () -> new HistoryPages(ledger, runId, firstOwnSeq);
    }

    private interface Interruptible {
        void run() throws InterruptedException;
    }

    private void interruptibly(Interruptible call) {
        try {
            call.run();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw sink.whyInterrupted(e);
        }
    }
}
