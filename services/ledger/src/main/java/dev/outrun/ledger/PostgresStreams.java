package dev.outrun.ledger;

import static dev.outrun.ledger.jooq.Tables.FIND_STREAM;
import static dev.outrun.ledger.jooq.Tables.RUN;

import dev.outrun.ledger.jooq.Routines;
import dev.outrun.ledger.jooq.tables.FindStream;
import dev.outrun.ledger.jooq.tables.records.AppendStreamRecord;
import dev.outrun.ledger.jooq.tables.records.CreateStreamRecord;
import dev.outrun.schema.error.ErrorCode;
import dev.outrun.schema.run.RunId;
import dev.outrun.schema.run.Tenant;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jooq.Configuration;
import org.jooq.Field;
import org.jooq.Record;

/** The streams in Postgres: calls the SQL functions, which hold the rules. */
final class PostgresStreams implements StreamLedger {

    private final Configuration jooq;

    PostgresStreams(Configuration jooq) {
        this.jooq = jooq;
    }

    @Override
    public MadeStream create(NewStream stream) {
        NewStream.Fork fork = stream.fork();
        return Refusals.ask(
                ErrorCode.INVALID_EVENTS,
                () ->
                        made(
                                Routines.createStream(
                                                jooq,
                                                stream.name(),
                                                stream.contentType(),
                                                stream.tenant().name(),
                                                Binds.id(stream.id()),
                                                stream.ttlSeconds(),
                                                Binds.time(stream.expiresAt()),
                                                Binds.json(stream.events()),
                                                stream.closed(),
                                                fork == null ? null : fork.from(),
                                                fork == null ? null : fork.at(),
                                                fork == null ? 0L : fork.more())
                                        .getFirst()));
    }

    private static MadeStream made(CreateStreamRecord row) {
        return switch (row.getOutcome()) {
            case "conflict" -> new MadeStream.Conflict();
            default ->
                    new MadeStream.Made(
                            row.getOutcome().equals("created"),
                            new RunId(row.getRun()),
                            row.getStoredType(),
                            row.getNextSeq());
        };
    }

    @Override
    public StreamState find(Tenant tenant, String name, boolean renew) {
        FindStream found = FIND_STREAM.call(name, tenant.name(), renew);
        List<Field<?>> columns = new ArrayList<>(RunRow.COLUMNS);
        columns.addAll(List.of(found.CONTENT_TYPE, found.TTL_S, found.EXPIRES_AT));
        return Refusals.ask(
                ErrorCode.INVALID_REQUEST,
                () ->
                        jooq.dsl()
                                .select(columns)
                                .from(found.join(RunRow.TABLE).on(RUN.ID.eq(found.RUN)))
                                .fetchSingle(row -> state(row, found)));
    }

    private static StreamState state(Record row, FindStream found) {
        OffsetDateTime expiresAt = row.get(found.EXPIRES_AT);
        return new StreamState(
                RunRow.toRun(row),
                row.get(found.CONTENT_TYPE),
                row.get(found.TTL_S),
                expiresAt == null ? null : expiresAt.toInstant());
    }

    @Override
    public StreamAnswer append(StreamAppend append) {
        StreamAppend.Producer producer = append.producer();
        return Refusals.ask(
                ErrorCode.INVALID_EVENTS,
                () ->
                        answer(
                                Routines.appendStream(
                                                jooq,
                                                append.name(),
                                                Binds.json(append.events()),
                                                append.tenant().name(),
                                                append.closing(),
                                                append.contentType(),
                                                producer == null ? null : producer.id(),
                                                producer == null ? null : producer.epoch(),
                                                producer == null ? null : producer.seq(),
                                                append.writerSeq())
                                        .getFirst()));
    }

    private static StreamAnswer answer(AppendStreamRecord row) {
        return new StreamAnswer(
                StreamAnswer.Outcome.valueOf(row.getOutcome().toUpperCase(Locale.ROOT)),
                row.getNextSeq(),
                row.getClosed(),
                row.getKnownEpoch(),
                row.getKnownSeq());
    }

    @Override
    public void delete(Tenant tenant, String name) {
        Refusals.ask(
                ErrorCode.INVALID_REQUEST,
                () -> {
                    Routines.deleteStream(jooq, name, tenant.name());
                    return name;
                });
    }

    @Override
    public int expire(int most) {
        return Refusals.ask(ErrorCode.INVALID_REQUEST, () -> Routines.expireStreams(jooq, most));
    }
}
