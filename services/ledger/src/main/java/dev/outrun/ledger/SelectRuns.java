package dev.outrun.ledger;

import static dev.outrun.ledger.jooq.Tables.RUN;

import dev.outrun.schema.run.RunId;
import java.util.List;
import java.util.UUID;
import org.jooq.Configuration;
import org.jooq.impl.DSL;

/** Runs, by their ids; one that is not there is left out. */
record SelectRuns(List<RunId> ids) {

    List<Run> from(Configuration jooq) {
        UUID[] values = ids.stream().map(RunId::value).toArray(UUID[]::new);
        return jooq.dsl()
                .select(RunRow.COLUMNS)
                .from(RunRow.TABLE)
                .where(RUN.ID.eq(DSL.any(values)))
                .and(RUN.STATUS.ne("control")) // a queue's log is no run
                .fetch(RunRow::toRun);
    }
}
