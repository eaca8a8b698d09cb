package dev.outrun.ledger;

import static dev.outrun.ledger.jooq.Tables.SCHEDULE;
import static org.jooq.impl.DSL.noCondition;

import dev.outrun.ledger.jooq.tables.records.ScheduleRecord;
import dev.outrun.schema.run.RunId;
import dev.outrun.schema.run.Tenant;
import dev.outrun.schema.schedule.ScheduleSettings;
import dev.outrun.schema.schedule.ScheduleSettings.CatchUp;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.List;
import java.util.Locale;
import org.jooq.Condition;
import org.jooq.Configuration;
import org.jspecify.annotations.Nullable;

/** Some of a tenant's schedules, by name. */
record SelectSchedules(Tenant tenant, Condition which, int limit) {

    static SelectSchedules named(Tenant tenant, String name) {
        return new SelectSchedules(tenant, SCHEDULE.NAME.eq(name), 1);
    }

    /**
     * A page.
     *
     * @param after null is from the first on
     */
    static SelectSchedules page(Tenant tenant, @Nullable String after, int limit) {
        Condition later = after == null ? noCondition() : SCHEDULE.NAME.gt(after);
        return new SelectSchedules(tenant, later, limit);
    }

    List<ScheduleState> from(Configuration jooq) {
        return jooq.dsl()
                .selectFrom(SCHEDULE)
                .where(SCHEDULE.TENANT.eq(tenant.name()))
                .and(which)
                .orderBy(SCHEDULE.NAME)
                .limit(limit)
                .fetch(SelectSchedules::state);
    }

    private static ScheduleState state(ScheduleRecord row) {
        return new ScheduleState(
                new ScheduleSettings(
                        row.getTenant(),
                        row.getName(),
                        row.getCron(),
                        row.getTimeZone(),
                        row.getEveryMs(),
                        instant(row.getStartsAt()),
                        instant(row.getEndsAt()),
                        CatchUp.valueOf(row.getCatchUp().toUpperCase(Locale.ROOT)),
                        row.getPaused(),
                        row.getAfter().toInstant()),
                new RunId(row.getLog()),
                row.getRun().data(),
                instant(row.getLastAt()),
                row.getLastRun() == null ? null : new RunId(row.getLastRun()),
                row.getCreatedAt().toInstant(),
                row.getUpdatedAt().toInstant());
    }

    private static @Nullable Instant instant(@Nullable OffsetDateTime time) {
        return time == null ? null : time.toInstant();
    }
}
