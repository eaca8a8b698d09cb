package dev.outrun.ledger;

import dev.outrun.schema.run.RunId;
import dev.outrun.schema.run.Tenant;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * What it takes to make a stream.
 *
 * @param id minted ahead; null lets the database mint one
 * @param contentType null is its source's, or {@code application/octet-stream}
 * @param ttlSeconds how long after each read or write it is deleted; null is never
 * @param expiresAt when it is deleted; null is never
 * @param events what it begins with, as {@link Ledger#append} takes it; null is nothing
 * @param closed whether nothing may follow
 * @param fork null for a stream of its own
 */
public record NewStream(
        Tenant tenant,
        String name,
        @Nullable RunId id,
        @Nullable String contentType,
        @Nullable Long ttlSeconds,
        @Nullable Instant expiresAt,
        @Nullable String events,
        boolean closed,
        @Nullable Fork fork) {

    /**
     * What of another stream it begins with.
     *
     * @param from the other stream's name
     * @param at its messages before this seq; null is all it has
     * @param more and so many after that: messages of a JSON stream, else bytes
     */
    public record Fork(String from, @Nullable Long at, long more) {}
}
