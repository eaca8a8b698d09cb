package dev.outrun.worker;

/** Where a handler's events go on their way to the ledger. */
interface EventSink {

    /**
     * Adds an event: its JSON, and the bytes of its data.
     *
     * @throws RunStoppedException if it takes no more
     */
    void add(String json, int bytes) throws InterruptedException;

    /**
     * Returns when everything added so far is appended.
     *
     * @throws RunStoppedException if it will not be
     */
    void flush() throws InterruptedException;

    /** Lets everybody who adds or flushes know that it is over. The first reason counts. */
    void stop(RunStoppedException why);

    /** The reason it was stopped for, which usually is why somebody was interrupted too. */
    RunStoppedException whyInterrupted(InterruptedException e);
}
