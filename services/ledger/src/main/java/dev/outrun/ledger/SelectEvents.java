package dev.outrun.ledger;

import static dev.outrun.ledger.jooq.Tables.RUN;
import static dev.outrun.ledger.jooq.Tables.RUN_OUTBOX;
import static org.jooq.impl.DSL.coalesce;
import static org.jooq.impl.DSL.field;
import static org.jooq.impl.DSL.inline;
import static org.jooq.impl.DSL.select;

import dev.outrun.ledger.jooq.tables.RunOutbox;
import dev.outrun.schema.error.ErrorCode;
import dev.outrun.schema.error.OutrunException;
import dev.outrun.schema.event.Event;
import dev.outrun.schema.event.EventSlicer;
import dev.outrun.schema.run.RunId;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.List;
import org.jooq.Condition;
import org.jooq.Configuration;
import org.jooq.Field;
import org.jooq.JSON;
import org.jooq.Record1;
import org.jooq.Record4;
import org.jooq.Result;
import org.jooq.Select;
import org.jooq.types.DayToSecond;

/**
 * A stretch of a run's log, from the outbox row that holds {@code from} on: a range of each
 * partition's primary key, and only of the partitions in which the run can have rows.
 *
 * <p>Rows are fetched a few at a time, and ever more of them: how many events a row has, and how
 * many bytes, is known only once it is here, and a page must not fill the memory.
 */
record SelectEvents(RunId run, long from, int limit) {

    /** Rows may have 16 MiB each. */
    private static final int FIRST_ROWS = 8;

    private static final int ROWS_GROWTH = 8;

    /**
     * How much earlier or later than its run's own times an outbox row may be: a server's clock may
     * have been put right in between.
     */
    private static final DayToSecond CLOCK_DRIFT_MAX = new DayToSecond(1);

    private static final RunOutbox CONTAINS_FROM = RUN_OUTBOX.as("contains_from");

    SelectEvents {
        if (from < 0) {
            throw new OutrunException(ErrorCode.INVALID_SEQ, "from is " + from + ", less than 0");
        }
        if (limit < 1) {
            throw new OutrunException(
                    ErrorCode.INVALID_REQUEST, "limit is " + limit + ", less than 1");
        }
    }

    List<Event> from(Configuration jooq) {
        List<Event> events = read(jooq);
        if (events.isEmpty() && isBelowTheEnd(jooq)) {
            events = read(jooq); // an append may have committed in between
            requireKept(!events.isEmpty());
        }
        requireKept(events.isEmpty() || events.getFirst().seq() == from);
        return events;
    }

    private boolean isBelowTheEnd(Configuration jooq) {
        return jooq.dsl()
                .fetchExists(
                        select(RUN.ID)
                                .from(RUN)
                                .where(RUN.ID.eq(run.value()))
                                .and(RUN.NEXT_SEQ.gt(from)));
    }

    private void requireKept(boolean isKept) {
        if (!isKept) {
            throw new OutrunException(
                    ErrorCode.EXPIRED,
                    "event " + from + " of run " + run + " is not kept any more");
        }
    }

    private List<Event> read(Configuration jooq) {
        Page page = new Page();
        int rows = Math.min(FIRST_ROWS, limit);
        Result<Record4<Long, Integer, JSON, OffsetDateTime>> fetched =
                fetch(jooq, startsAt(rowContainingFrom()), rows);
        while (page.add(fetched) && fetched.size() == rows) {
            long last = fetched.getLast().value1();
            rows = Math.min(rows * ROWS_GROWTH, page.eventsLeft());
            fetched = fetch(jooq, RUN_OUTBOX.FIRST_SEQ.gt(last), rows);
        }
        return page.events;
    }

    private Result<Record4<Long, Integer, JSON, OffsetDateTime>> fetch(
            Configuration jooq, Condition start, int rows) {
        return jooq.dsl()
                .select(
                        RUN_OUTBOX.FIRST_SEQ,
                        RUN_OUTBOX.ATTEMPT,
                        RUN_OUTBOX.EVENTS,
                        RUN_OUTBOX.APPENDED_AT)
                .from(RUN_OUTBOX)
                .where(RUN_OUTBOX.RUN_ID.eq(run.value()))
                .and(isInTheRunsTime(RUN_OUTBOX))
                .and(start)
                .orderBy(RUN_OUTBOX.FIRST_SEQ)
                .limit(rows)
                .fetch();
    }

    private static Condition startsAt(Field<Long> seq) {
        return RUN_OUTBOX.FIRST_SEQ.ge(seq);
    }

    private Field<Long> rowContainingFrom() {
        return coalesce(
                field(
                        select(CONTAINS_FROM.FIRST_SEQ)
                                .from(CONTAINS_FROM)
                                .where(CONTAINS_FROM.RUN_ID.eq(run.value()))
                                .and(isInTheRunsTime(CONTAINS_FROM))
                                .and(CONTAINS_FROM.FIRST_SEQ.le(from))
                                .orderBy(CONTAINS_FROM.FIRST_SEQ.desc())
                                .limit(inline(1))),
                inline(0L));
    }

    private Condition isInTheRunsTime(RunOutbox outbox) {
        return outbox.APPENDED_AT
                .ge(field(ofRun(RUN.CREATED_AT.minus(CLOCK_DRIFT_MAX))))
                .and(outbox.APPENDED_AT.le(field(ofRun(RUN.UPDATED_AT.plus(CLOCK_DRIFT_MAX)))));
    }

    private Select<Record1<OffsetDateTime>> ofRun(Field<OffsetDateTime> time) {
        return select(time).from(RUN).where(RUN.ID.eq(run.value()));
    }

    /** The events found so far. */
    private final class Page {

        private final List<Event> events = new ArrayList<>();
        private long bytes;

        int eventsLeft() {
            return limit - events.size();
        }

        /** Takes what fits; false when the page is full. */
        boolean add(Result<Record4<Long, Integer, JSON, OffsetDateTime>> rows) {
            for (var row : rows) {
                if (!add(row.value1(), row.value2(), row.value3(), row.value4().toInstant())) {
                    return false;
                }
            }
            return true;
        }

        private boolean add(long firstSeq, int attempt, JSON append, Instant time) {
            EventSlicer slicer = new EventSlicer(append.data().getBytes(StandardCharsets.UTF_8));
            for (long seq = firstSeq; slicer.next(); seq++) {
                if (seq < from) {
                    continue;
                }
                byte[] data = slicer.data();
                events.add(new Event(run, seq, slicer.type(), attempt, time, data));
                bytes += data.length;
                if (events.size() == limit || bytes >= Ledger.PAGE_BYTES) {
                    return false;
                }
            }
            return true;
        }
    }
}
