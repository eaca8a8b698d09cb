package dev.outrun.ledger;

import static dev.outrun.ledger.jooq.Tables.RUN;

import dev.outrun.schema.run.RunId;
import dev.outrun.schema.run.Tenant;
import java.util.Optional;
import org.jooq.Configuration;

/** The run that a tenant has started with an idempotency key. */
record SelectRunWithKey(Tenant tenant, String idempotencyKey) {

    Optional<RunId> from(Configuration jooq) {
        return jooq.dsl()
                .select(RUN.ID)
                .from(RUN)
                .where(RUN.TENANT.eq(tenant.name()))
                .and(RUN.IDEMPOTENCY_KEY.eq(idempotencyKey))
                .fetchOptional(row -> new RunId(row.value1()));
    }
}
