package dev.outrun.ledger.memory;

import dev.outrun.ledger.NewStream;
import dev.outrun.ledger.StreamEvents;
import dev.outrun.schema.error.ErrorCode;
import dev.outrun.schema.event.Event;
import dev.outrun.schema.json.WireJson;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Where a stream's fork leaves its source, for the ledger in memory.
 *
 * @param at the events before this seq are copied
 * @param part what it has of the message after them
 */
record MemoryCut(long at, List<MemoryJson.TypeAndData> part) {

    /** Throws {@code invalid_request} where the source does not have so much. */
    static MemoryCut of(MemoryStream source, NewStream.Fork fork) {
        Long from = fork.at();
        long at = from == null ? source.end() : from;
        boolean inside = at >= 0 && at <= source.end() && fork.more() >= 0;
        MemoryRuns.require(inside, ErrorCode.INVALID_REQUEST, "forked at " + at);
        List<MemoryJson.TypeAndData> part = List.of();
        long missing = fork.more();
        for (Event event : source.run.log.subList((int) at, source.run.log.size())) {
            byte[] message = bytes(event);
            if (missing == 0) {
                break;
            } else if (message == null) {
                continue;
            }
            boolean json = source.terms.isJson();
            if (!json && message.length > missing) {
                part = List.of(message(Arrays.copyOf(message, (int) missing)));
                missing = 0;
            } else {
                missing -= json ? 1 : message.length;
                at = event.seq() + 1;
            }
        }
        MemoryRuns.require(missing == 0, ErrorCode.INVALID_REQUEST, "it has " + missing + " less");
        return new MemoryCut(at, part);
    }

    private static MemoryJson.TypeAndData message(byte[] bytes) {
        String data = '"' + Base64.getEncoder().encodeToString(bytes) + '"';
        return new MemoryJson.TypeAndData(
                StreamEvents.BYTES, data.getBytes(StandardCharsets.US_ASCII));
    }

    private static byte @Nullable [] bytes(Event event) {
        return switch (event.type()) {
            case StreamEvents.BYTES ->
                    Base64.getDecoder().decode(WireJson.read(event.data(), String.class));
            case StreamEvents.TEXT ->
                    WireJson.read(event.data(), String.class).getBytes(StandardCharsets.UTF_8);
            case StreamEvents.JSON -> event.data();
            default -> null;
        };
    }
}
