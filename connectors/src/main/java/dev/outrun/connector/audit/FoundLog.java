package dev.outrun.connector.audit;

import dev.outrun.connector.audit.Difference.Kind;
import dev.outrun.schema.event.Event;
import dev.outrun.schema.run.RunId;

/** One run's events as they are found in a topic, record by record. */
final class FoundLog {

    private final RunId run;
    private final String where;
    private final Findings findings;
    private final Digests events = new Digests();

    /** Says what is doubled or out of order to the findings at once, with the record's place. */
    FoundLog(RunId run, String where, Findings findings) {
        this.run = run;
        this.where = where;
        this.findings = findings;
    }

    RunId run() {
        return run;
    }

    Digests events() {
        return events;
    }

    String where() {
        return where;
    }

    void add(Event event, long offset) {
        if (events.of(event.seq()) != 0) {
            findings.add(
                    Kind.DOUBLED, event.run(), event.seq(), where, "again at offset " + offset);
            return;
        }
        if (!events.isEmpty() && event.seq() < events.next()) {
            findings.add(
                    Kind.OUT_OF_ORDER,
                    event.run(),
                    event.seq(),
                    where,
                    "at offset %d, behind seq %d".formatted(offset, events.next() - 1));
        }
        events.put(event.seq(), Digests.digest(event));
    }

    /**
     * Holds it against the ledger, from a seq on; a log may have more than the ledger had.
     *
     * @return whether it does have more
     */
    boolean compare(LoggedRun run, long from) {
        Digests wanted = run.events();
        for (long seq = Math.max(from, wanted.first()); seq < wanted.next(); seq++) {
            long expected = wanted.of(seq);
            long found = events.of(seq);
            // What the ledger itself has lost is said elsewhere.
            if (expected != 0 && found == 0) {
                findings.add(Kind.MISSING, run.run(), seq, where, "not there");
            } else if (expected != 0 && found != expected) {
                findings.add(Kind.DIFFERENT, run.run(), seq, where, "type, attempt, time or data");
            }
        }
        return events.next() > run.end();
    }
}
