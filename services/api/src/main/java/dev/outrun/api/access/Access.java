package dev.outrun.api.access;

import dev.outrun.ledger.access.AccessLedger;
import java.time.InstantSource;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** What tells who a caller is. */
public interface Access {

    /**
     * Who shows this. Throws {@code unauthenticated}, {@code forbidden} where it is known but has
     * no role, {@code too_many_requests} where too many from that address were nobody, and {@code
     * unavailable}.
     *
     * @param authorization the header's value; null where there is none
     * @param address where the call comes from
     */
    Caller caller(@Nullable String authorization, String address);

    /** As the settings have it. */
    static Access of(AccessConfig config, AccessLedger ledger, InstantSource clock) {
        return switch (config.mode()) {
            case NONE -> (authorization, address) -> Caller.ANONYMOUS;
            case KEYS -> new KeyAccess(ledger, clock);
            case OIDC ->
                    new OidcAccess(
                            Objects.requireNonNull(config.oidc()),
                            new KeyAccess(ledger, clock),
                            clock);
        };
    }
}
