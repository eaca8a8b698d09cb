package dev.outrun.connector.audit;

import dev.outrun.schema.run.RunId;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * Which runs an audit looks at.
 *
 * @param run only this one; null for all
 * @param since only those created then or later; null for all
 */
public record AuditScope(@Nullable RunId run, @Nullable Instant since) {

    /** Every run there is. */
    public static final AuditScope ALL = new AuditScope(null, null);

    boolean covers(RunId other) {
        return run == null || run.equals(other);
    }
}
