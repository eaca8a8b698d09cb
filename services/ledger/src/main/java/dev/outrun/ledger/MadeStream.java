package dev.outrun.ledger;

import dev.outrun.schema.run.RunId;

/** What came of making a stream. */
public sealed interface MadeStream {

    /**
     * It is there.
     *
     * @param created false where one of this name was made so before
     * @param end the seq after its last message
     */
    record Made(boolean created, RunId run, String contentType, long end) implements MadeStream {}

    /**
     * One of this name was made otherwise, or is gone but for its forks; or what is to be forked
     * has another content type, or is gone.
     */
    record Conflict() implements MadeStream {}
}
