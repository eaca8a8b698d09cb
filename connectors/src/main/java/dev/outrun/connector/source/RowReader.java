package dev.outrun.connector.source;

import dev.outrun.schema.run.RunId;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Map;
import org.apache.kafka.connect.data.Struct;
import org.apache.kafka.connect.source.SourceRecord;
import org.jspecify.annotations.Nullable;

/** Reads Debezium's records: an inserted outbox row, or a logical message. */
final class RowReader {

    private RowReader() {}

    /**
     * The change in a record.
     *
     * @throws IllegalArgumentException if it is neither an insert nor a message
     */
    static Change read(SourceRecord record) {
        Struct value = (Struct) record.value();
        String operation = value.getString("op");
        return switch (operation) {
            case "c" -> appended(value.getStruct("after"), place(record.sourceOffset()));
            case "m" -> message(value.getStruct("message"), place(record.sourceOffset()));
            default ->
                    throw new IllegalArgumentException(
                            "an outbox row was changed, not inserted: operation "
                                    + operation
                                    + " at "
                                    + place(record.sourceOffset()));
        };
    }

    private static Change appended(Struct row, WalPlace place) {
        return Change.row(
                RunId.parse(row.getString("run_id")),
                row.getString("tenant"),
                row.getInt64("first_seq"),
                row.getInt32("shard"),
                row.getInt32("attempt"),
                row.getString("events").getBytes(StandardCharsets.UTF_8),
                Instant.EPOCH.plus(row.getInt64("appended_us"), ChronoUnit.MICROS),
                row.getString("trace"),
                Boolean.TRUE.equals(row.getBoolean("topicless")),
                place);
    }

    private static Change message(Struct message, WalPlace place) {
        ByteBuffer bytes = ByteBuffer.wrap(message.getBytes("content"));
        String content = StandardCharsets.UTF_8.decode(bytes).toString();
        return switch (message.getString("prefix")) {
            case DebeziumSettings.RESOLVE_PREFIX -> resolved(content, place);
            case DebeziumSettings.STRAYS_PREFIX -> new Change.Strays(content, place);
            case DebeziumSettings.REPAIR_PREFIX -> repair(content.split(" "), place);
            default -> new Change.Barrier(content, place);
        };
    }

    /** A run and a transaction. */
    private static Change resolved(String content, WalPlace place) {
        int end = content.indexOf(' ');
        return new Change.Resolved(
                RunId.parse(content.substring(0, end)),
                Long.parseLong(content.substring(end + 1)),
                place);
    }

    private static Change repair(String[] words, WalPlace place) {
        return new Change.Repair(
                RunId.parse(words[0]), Long.parseLong(words[1]), Long.parseLong(words[2]), place);
    }

    private static WalPlace place(Map<String, ?> offset) {
        Lsn at = lsn(offset.get("lsn"));
        if (at == null) {
            throw new IllegalArgumentException("a change without a log position");
        }
        Object committed = offset.get("ts_usec");
        return new WalPlace(
                lsn(offset.get("lsn_commit")),
                at,
                committed == null ? WalPlace.NO_TIME : (Long) committed);
    }

    private static @Nullable Lsn lsn(@Nullable Object value) {
        return value == null ? null : new Lsn((Long) value);
    }
}
