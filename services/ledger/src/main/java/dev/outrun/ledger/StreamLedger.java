package dev.outrun.ledger;

import dev.outrun.schema.run.Tenant;

/**
 * The runs that are found and written to by name: a {@link Ledger}'s streams. A stream's messages
 * are the events of its run's log that {@link StreamEvents} names; no attempt of the run is made.
 * Methods are called and fail as the ledger's do.
 */
public interface StreamLedger {

    /**
     * Makes a stream. Throws {@code unknown_stream} where there is nothing to fork, {@code
     * run_id_taken}, {@code invalid_events}, {@code payload_too_large}, {@code invalid_request}.
     */
    MadeStream create(NewStream stream);

    /**
     * A stream as it is. Throws {@code unknown_stream}, {@code stream_gone}.
     *
     * @param renew whether its time to live begins anew, if it has one
     */
    StreamState find(Tenant tenant, String name, boolean renew);

    /**
     * Appends to a stream, or closes it. Throws {@code unknown_stream}, {@code stream_gone}, {@code
     * invalid_events}, {@code payload_too_large}, {@code invalid_request}.
     */
    StreamAnswer append(StreamAppend append);

    /**
     * Takes a stream's name from its run, which is cancelled if it is open; its log stays. While
     * there are forks of it the name stays taken. Throws {@code unknown_stream}, {@code
     * stream_gone}.
     */
    void delete(Tenant tenant, String name);

    /** Deletes up to so many streams whose time is over; returns how many. */
    int expire(int most);
}
