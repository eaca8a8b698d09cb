package dev.outrun.ledger;

import org.jspecify.annotations.Nullable;

/**
 * What came of an append to a stream.
 *
 * @param end the seq after its last message
 * @param closed whether nothing may follow
 * @param epoch what its producer has come to; null where it is not known
 * @param seq the last of that epoch
 */
public record StreamAnswer(
        Outcome outcome, long end, boolean closed, @Nullable Long epoch, @Nullable Long seq) {

    /** Only the first has changed anything. */
    public enum Outcome {
        APPENDED,
        /** The producer has appended this before, or the stream was closed before. */
        DUPLICATE,
        /** The stream is closed. */
        CLOSED,
        /** The stream's content type is another. */
        OTHER_TYPE,
        /** The writer's seq is not greater than the last. */
        STALE_SEQ,
        /** The producer has begun a later epoch. */
        STALE_PRODUCER,
        /** Numbers of the producer's are missing before this one. */
        GAP,
        /** The producer's new epoch does not begin with 0. */
        NO_BEGINNING
    }
}
