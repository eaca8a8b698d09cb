package dev.outrun.ledger.access;

import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * Keys of the API, and its audit log. Every method is one transaction, committed when it returns,
 * and may be called from any thread. All throw {@code unavailable} where the database does not
 * answer.
 */
public interface AccessLedger {

    /** Adds a key. Throws {@code invalid_request} where it cannot be kept as it is. */
    void addKey(ApiKey key);

    /** One key, good or not. */
    Optional<ApiKey> key(String id);

    /** Keys, newest first, at most so many. */
    List<ApiKey> keys(int most);

    /** Makes a key open nothing any more; false where it is unknown or was revoked before. */
    boolean revokeKey(String id, Instant at);

    /** Says that a key was used; nothing where it is unknown. */
    void keyUsed(String id, Instant at);

    /** Adds to the audit log, all or none. */
    void addAudit(List<AuditEntry> entries);

    /** The audit log, newest first, at most so many. */
    List<AuditEntry> audit(int most);

    /** Deletes up to so many entries of before this time; returns how many. */
    int deleteAudit(Instant before, int most);
}
