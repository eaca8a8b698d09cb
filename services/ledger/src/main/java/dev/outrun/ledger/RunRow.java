package dev.outrun.ledger;

import static dev.outrun.ledger.jooq.Tables.HALTED_RUN;
import static dev.outrun.ledger.jooq.Tables.RUN;

import dev.outrun.schema.run.RunId;
import dev.outrun.schema.run.RunStatus;
import dev.outrun.schema.run.Tenant;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.List;
import java.util.UUID;
import org.jooq.Field;
import org.jooq.JSON;
import org.jooq.Record;
import org.jooq.Table;
import org.jspecify.annotations.Nullable;

/** How a row of {@code outrun.run} is a {@link Run}. */
final class RunRow {

    static final List<Field<?>> COLUMNS =
            List.of(
                    RUN.ID,
                    RUN.TENANT,
                    RUN.QUEUE,
                    RUN.HANDLER,
                    RUN.SHARD,
                    RUN.TOPICLESS,
                    RUN.PRIORITY,
                    RUN.CONCURRENCY_KEY,
                    RUN.STATUS,
                    RUN.ATTEMPT,
                    RUN.NEXT_SEQ,
                    RUN.INPUT,
                    RUN.OUTPUT,
                    RUN.ERROR,
                    RUN.IDEMPOTENCY_KEY,
                    RUN.FORKED_FROM,
                    RUN.FORKED_AT,
                    RUN.PARENT_ID,
                    RUN.SCHEDULE,
                    RUN.SCHEDULED_AT,
                    RUN.CHILDREN,
                    RUN.CHILDREN_ENDED,
                    RUN.RUN_AT,
                    RUN.CREATED_AT,
                    RUN.UPDATED_AT,
                    RUN.FINISHED_AT,
                    RUN.TOPIC_DELETED_AT,
                    HALTED_RUN.NEXT_SEQ,
                    HALTED_RUN.BAD_SEQ,
                    HALTED_RUN.REASON,
                    HALTED_RUN.HALTED_AT);

    static final Table<?> TABLE = RUN.leftJoin(HALTED_RUN).on(HALTED_RUN.RUN_ID.eq(RUN.ID));

    private RunRow() {}

    static Run toRun(Record row) {
        return new Run(
                new RunId(row.get(RUN.ID)),
                new Tenant(row.get(RUN.TENANT)),
                row.get(RUN.QUEUE),
                row.get(RUN.HANDLER),
                row.get(RUN.SHARD),
                Boolean.TRUE.equals(row.get(RUN.TOPICLESS)),
                row.get(RUN.PRIORITY),
                row.get(RUN.CONCURRENCY_KEY),
                RunStatus.of(row.get(RUN.STATUS)),
                row.get(RUN.ATTEMPT),
                row.get(RUN.NEXT_SEQ),
                row.get(RUN.INPUT).data(),
                text(row.get(RUN.OUTPUT)),
                text(row.get(RUN.ERROR)),
                row.get(RUN.IDEMPOTENCY_KEY),
                fork(row),
                row.get(RUN.PARENT_ID) == null ? null : new RunId(row.get(RUN.PARENT_ID)),
                row.get(RUN.SCHEDULE),
                instant(row.get(RUN.SCHEDULED_AT)),
                row.get(RUN.CHILDREN),
                row.get(RUN.CHILDREN_ENDED),
                instant(row.get(RUN.RUN_AT)),
                row.get(RUN.CREATED_AT).toInstant(),
                row.get(RUN.UPDATED_AT).toInstant(),
                instant(row.get(RUN.FINISHED_AT)),
                instant(row.get(RUN.TOPIC_DELETED_AT)),
                halted(row));
    }

    private static Run.@Nullable Fork fork(Record row) {
        UUID from = row.get(RUN.FORKED_FROM);
        return from == null ? null : new Run.Fork(new RunId(from), row.get(RUN.FORKED_AT));
    }

    private static Run.@Nullable Halted halted(Record row) {
        OffsetDateTime since = row.get(HALTED_RUN.HALTED_AT);
        return since == null
                ? null
                : new Run.Halted(
                        row.get(HALTED_RUN.NEXT_SEQ),
                        row.get(HALTED_RUN.BAD_SEQ),
                        row.get(HALTED_RUN.REASON),
                        since.toInstant());
    }

    private static @Nullable String text(@Nullable JSON json) {
        return json == null ? null : json.data();
    }

    private static @Nullable Instant instant(@Nullable OffsetDateTime time) {
        return time == null ? null : time.toInstant();
    }
}
