package dev.outrun.worker;

import dev.outrun.ledger.Ledger;
import dev.outrun.schema.error.OutrunException;
import dev.outrun.schema.event.Event;
import dev.outrun.schema.run.RunId;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;

/** A run's log up to a seq, exclusive, read from the ledger as it is asked for. */
final class HistoryPages implements Iterator<Event> {

    private static final int PAGE_EVENTS = 500;

    private final Ledger ledger;
    private final RunId run;
    private final long end;
    private long nextSeq;
    private Iterator<Event> page = List.<Event>of().iterator();

    HistoryPages(Ledger ledger, RunId run, long end) {
        this.ledger = ledger;
        this.run = run;
        this.end = end;
    }

    @Override
    public boolean hasNext() {
        if (!page.hasNext() && nextSeq < end) {
            int limit = (int) Math.min(PAGE_EVENTS, end - nextSeq);
            page = read(limit).iterator();
            if (!page.hasNext()) {
                nextSeq = end; // retention has dropped the rest
            }
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

    /** On another thread: an interrupt of this one would close the ledger's connection. */
    private List<Event> read(int limit) {
        FutureTask<List<Event>> read = new FutureTask<>(() -> ledger.events(run, nextSeq, limit));
        Thread.ofVirtual().name("history-" + run).start(read);
        try {
            return read.get();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new RunStoppedException("interrupted", e);
        } catch (ExecutionException e) {
            if (e.getCause() instanceof OutrunException refusal) {
                throw refusal;
            }
            throw new IllegalStateException("the history of run " + run + " is unreadable", e);
        }
    }
}
