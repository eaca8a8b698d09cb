package dev.outrun.ledger.access;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * A key of the API as it is kept, without its secret.
 *
 * @param tenants whose runs its owner sees
 * @param name for people: who has it, or what for; at most 255 characters
 * @param expiresAt from then on it opens nothing; null is never
 * @param revokedAt null while it was not revoked
 * @param lastUsedAt to the minute; null where it never was
 */
public record ApiKey(
        String id,
        TenantScope tenants,
        Role role,
        String name,
        KeyHash hash,
        Instant createdAt,
        @Nullable Instant expiresAt,
        @Nullable Instant revokedAt,
        @Nullable Instant lastUsedAt) {

    /** A key that was made at this time and used by nobody yet. */
    public static ApiKey made(
            KeyText text,
            TenantScope tenants,
            Role role,
            String name,
            Instant at,
            @Nullable Instant expiresAt) {
        return new ApiKey(
                text.id(),
                tenants,
                role,
                name,
                KeyHash.ofSecret(text.secret()),
                at,
                expiresAt,
                null,
                null);
    }

    /** The same, used last at this time. */
    public ApiKey usedAt(Instant time) {
        return new ApiKey(id, tenants, role, name, hash, createdAt, expiresAt, revokedAt, time);
    }

    /** Whether it opens anything at this time. */
    public boolean isGood(Instant now) {
        return revokedAt == null && (expiresAt == null || now.isBefore(expiresAt));
    }
}
