package dev.outrun.ledger.memory;

import dev.outrun.ledger.access.AccessLedger;
import dev.outrun.ledger.access.ApiKey;
import dev.outrun.ledger.access.AuditEntry;
import dev.outrun.schema.error.ErrorCode;
import dev.outrun.schema.error.OutrunException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Keys and audit log in memory. */
public final class InMemoryAccessLedger implements AccessLedger {

    private static final Comparator<ApiKey> NEWEST_FIRST =
            Comparator.comparing(ApiKey::createdAt).reversed().thenComparing(ApiKey::id);

    private final Map<String, ApiKey> keys = new HashMap<>();
    private final List<AuditEntry> audit = new ArrayList<>();
    private boolean away;

    /** Has every call fail from now on, or none any more. */
    public synchronized void setAway(boolean away) {
        this.away = away;
    }

    @Override
    public synchronized void addKey(ApiKey key) {
        answer();
        if (keys.putIfAbsent(key.id(), key) != null) {
            throw new OutrunException(ErrorCode.INTERNAL, "there is a key " + key.id());
        }
    }

    @Override
    public synchronized Optional<ApiKey> key(String id) {
        answer();
        return Optional.ofNullable(keys.get(id));
    }

    @Override
    public synchronized List<ApiKey> keys(int most) {
        answer();
        return keys.values().stream().sorted(NEWEST_FIRST).limit(most).toList();
    }

    @Override
    public synchronized boolean revokeKey(String id, Instant at) {
        answer();
        ApiKey key = keys.get(id);
        if (key == null || key.revokedAt() != null) {
            return false;
        }
        keys.put(id, revoked(key, at));
        return true;
    }

    @Override
    public synchronized void keyUsed(String id, Instant at) {
        answer();
        keys.computeIfPresent(id, (any, key) -> key.usedAt(at));
    }

    @Override
    public synchronized void addAudit(List<AuditEntry> entries) {
        answer();
        audit.addAll(entries);
    }

    @Override
    public synchronized List<AuditEntry> audit(int most) {
        answer();
        return audit.reversed().stream()
                .sorted(Comparator.comparing(AuditEntry::at).reversed())
                .limit(most)
                .toList();
    }

    @Override
    public synchronized int deleteAudit(Instant before, int most) {
        answer();
        List<AuditEntry> old =
                audit.stream().filter(entry -> entry.at().isBefore(before)).limit(most).toList();
        audit.removeAll(old);
        return old.size();
    }

    private void answer() {
        if (away) {
            throw new OutrunException(ErrorCode.UNAVAILABLE, "Postgres does not answer");
        }
    }

    private static ApiKey revoked(ApiKey key, Instant at) {
        return new ApiKey(
                key.id(),
                key.tenants(),
                key.role(),
                key.name(),
                key.hash(),
                key.createdAt(),
                key.expiresAt(),
                at,
                key.lastUsedAt());
    }
}
