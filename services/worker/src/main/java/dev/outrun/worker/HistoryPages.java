package dev.outrun.worker;

import dev.outrun.ledger.AttemptLedger;
import dev.outrun.schema.event.Event;
import dev.outrun.schema.run.RunId;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;

/** A run's log from a seq up to another, exclusive, read from the ledger as it is asked for. */
final class HistoryPages implements Iterator<Event> {

    private static final int PAGE_EVENTS = 500;

    private final AttemptLedger ledger;
    private final RunId run;
    private final long end;
    private long nextSeq;
    private Iterator<Event> page = List.<Event>of().iterator();

    HistoryPages(AttemptLedger ledger, RunId run, long from, long end) {
        this.ledger = ledger;
        this.run = run;
        this.nextSeq = from;
        this.end = end;
    }

    @Override
    public boolean hasNext() {
        if (!page.hasNext() && nextSeq < end) {
            int limit = (int) Math.min(PAGE_EVENTS, end - nextSeq);
            page = Aside.ask(() -> ledger.events(run, nextSeq, limit)).iterator();
        }
        return page.hasNext();
    }

    @Override
    public Event next() {
        if (!hasNext()) {
            throw new NoSuchElementException();
        }
        Event event = page.next();
        nextSeq = event.seq() + 1;
        return event;
    }
}
