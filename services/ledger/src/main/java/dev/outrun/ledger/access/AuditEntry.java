package dev.outrun.ledger.access;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * A changing call over HTTP: who, when, what, on which, and what came of it. No payload.
 *
 * @param caller {@code key:<id>} or {@code oidc:<subject>}
 * @param tenant whom it was made for
 * @param call method and route, such as {@code POST /v1/runs/{id}/cancel}
 * @param target the run, queue or schedule; null where the call names none
 * @param status the answer's
 * @param address where it came from
 */
public record AuditEntry(
        Instant at,
        String caller,
        String tenant,
        String call,
        @Nullable String target,
        int status,
        String address) {}
