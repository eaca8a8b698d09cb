package dev.outrun.ledger;

import static dev.outrun.ledger.jooq.Tables.RUN;

import dev.outrun.schema.run.RunId;
import dev.outrun.schema.run.RunStatus;
import java.util.Optional;
import org.jooq.Configuration;

/** An attempt, where it is the live one. */
record SelectLiveAttempt(RunId run, int attempt) {

    Optional<LiveAttempt> from(Configuration jooq) {
        return jooq.dsl()
                .select(RUN.WORKER, RUN.SHARD, RUN.CANCEL_REQUESTED_AT.isNotNull())
                .from(RUN)
                .where(RUN.ID.eq(run.value()))
                .and(RUN.ATTEMPT.eq(attempt))
                .and(RUN.STATUS.eq(RunStatus.RUNNING.text()))
                .fetchOptional(row -> new LiveAttempt(row.value1(), row.value2(), row.value3()));
    }
}
