package dev.outrun.ledger;

import dev.outrun.schema.run.Tenant;
import org.jspecify.annotations.Nullable;

/**
 * What is appended to a stream.
 *
 * @param contentType refused where it is not the stream's; null is not asked
 * @param events as {@link Ledger#append} takes them; null is none, where it is closing
 * @param closing whether nothing may follow
 * @param producer who numbers its appends; null is nobody
 * @param writerSeq must be greater than that of every append before, byte by byte; null is not
 *     asked
 */
public record StreamAppend(
        Tenant tenant,
        String name,
        @Nullable String contentType,
        @Nullable String events,
        boolean closing,
        @Nullable Producer producer,
        @Nullable String writerSeq) {

    /**
     * Whose append it is, and which.
     *
     * @param epoch rises when the producer begins anew; one that is lower is refused
     * @param seq 0, 1, 2 … in each epoch
     */
    public record Producer(String id, long epoch, long seq) {}
}
