package dev.outrun.ledger;

import static dev.outrun.ledger.jooq.Tables.RUN;

import dev.outrun.schema.run.RunId;
import java.util.Optional;
import org.jooq.Configuration;

/** One run, by its id. */
record SelectRun(RunId id) {

    Optional<Run> from(Configuration jooq) {
        return jooq.dsl()
                .select(RunRow.COLUMNS)
                .from(RunRow.TABLE)
                .where(RUN.ID.eq(id.value()))
                .and(RUN.STATUS.ne("control")) // a queue's log is no run
                .fetchOptional(RunRow::toRun);
    }
}
