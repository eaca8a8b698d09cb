package dev.outrun.ledger;

import static dev.outrun.ledger.jooq.Tables.RUN;
import static org.jooq.impl.DSL.noCondition;
import static org.jooq.impl.DSL.row;
import static org.jooq.impl.DSL.val;

import dev.outrun.schema.run.RunId;
import java.time.ZoneOffset;
import java.util.List;
import org.jooq.Condition;
import org.jooq.Configuration;
import org.jooq.TableField;
import org.jspecify.annotations.Nullable;

/**
 * A page of a tenant's runs, newest first: a range of the index {@code run_newest}, of {@code
 * run_child}, or of {@code run_of_schedule}.
 */
record SelectRunPage(RunQuery query) {

    List<Run> from(Configuration jooq) {
        return jooq.dsl()
                .select(RunRow.COLUMNS)
                .from(RunRow.TABLE)
                .where(RUN.TENANT.eq(query.tenant().name()))
                .and(is(RUN.STATUS, query.status() == null ? null : query.status().text()))
                .and(is(RUN.HANDLER, query.handler()))
                .and(is(RUN.QUEUE, query.queue()))
                .and(isChild())
                .and(is(RUN.SCHEDULE, query.schedule()))
                .and(older())
                .orderBy(RUN.CREATED_AT.desc(), RUN.ID.desc())
                .limit(query.limit())
                .fetch(RunRow::toRun);
    }

    private static Condition is(TableField<?, String> column, @Nullable String wanted) {
        return wanted == null ? noCondition() : column.eq(wanted);
    }

    private Condition isChild() {
        RunId parent = query.parent();
        return parent == null ? noCondition() : RUN.PARENT_ID.eq(parent.value());
    }

    private Condition older() {
        RunQuery.Place before = query.before();
        return before == null
                ? noCondition()
                : row(RUN.CREATED_AT, RUN.ID)
                        .lt(
                                val(before.createdAt().atOffset(ZoneOffset.UTC)),
                                val(before.id().value()));
    }
}
