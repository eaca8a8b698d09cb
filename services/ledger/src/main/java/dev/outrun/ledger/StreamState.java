package dev.outrun.ledger;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * A stream as it is.
 *
 * @param contentType as it was made with
 * @param ttlSeconds how long after each read or write it is deleted; null is never
 * @param expiresAt when it is deleted if nobody reads or writes it; null is never
 */
public record StreamState(
        Run run, String contentType, @Nullable Long ttlSeconds, @Nullable Instant expiresAt) {}
