package dev.outrun.ledger.access;

import dev.outrun.schema.run.Tenant;
import org.jspecify.annotations.Nullable;

/**
 * Whose runs somebody sees: one tenant's, or everybody's.
 *
 * @param only null is every tenant
 */
public record TenantScope(@Nullable Tenant only) {

    /** Every tenant, {@code *} as text. */
    public static final TenantScope EVERY = new TenantScope(null);

    private static final String EVERY_TEXT = "*";

    /**
     * Reads a tenant's name, or {@code *}.
     *
     * @throws dev.outrun.schema.error.OutrunException {@code invalid_request} if it is neither
     */
    public static TenantScope of(String text) {
        return text.equals(EVERY_TEXT) ? EVERY : new TenantScope(new Tenant(text));
    }

    /** Whether this tenant is one of them. */
    public boolean includes(Tenant tenant) {
        return only == null || only.equals(tenant);
    }

    /** Whether they are all there are. */
    public boolean isEvery() {
        return only == null;
    }

    /** As {@link #of} reads it. */
    @Override
    public String toString() {
        return only == null ? EVERY_TEXT : only.name();
    }
}
