package dev.outrun.ledger;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outrun.ledger.access.AccessLedger;
import dev.outrun.ledger.access.ApiKey;
import dev.outrun.ledger.access.AuditEntry;
import dev.outrun.ledger.access.KeyText;
import dev.outrun.ledger.access.Role;
import dev.outrun.ledger.access.TenantScope;
import dev.outrun.schema.error.OutrunException;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Keys and audit log, in memory and in Postgres; other tests may use them at the same time. */
interface AccessContract {

    Instant NOON = Instant.parse("2026-01-02T12:00:00Z");

    AccessLedger access();

    @Test
    default void key_thatWasAdded_isFoundAsItIs() {
        // Given
        KeyText text = KeyText.mint(new SecureRandom());
        ApiKey key = key(text, NOON, NOON.plus(Duration.ofDays(90)));

        // When
        access().addKey(key);

        // Then
        assertEquals(Optional.of(key), access().key(text.id()));
        assertTrue(access().key(text.id()).orElseThrow().hash().isOf(text.secret()));
        assertTrue(access().keys(1_000).contains(key));
        assertEquals(Optional.empty(), access().key("aaaaaaaaaaaa"));
        assertThrows(OutrunException.class, () -> access().addKey(key));
    }

    @Test
    default void keys_listed_areTheNewestFirst() {
        // Given
        ApiKey older = key(KeyText.mint(new SecureRandom()), NOON.minusSeconds(9), null);
        ApiKey newer = key(KeyText.mint(new SecureRandom()), NOON.plusSeconds(9), null);
        access().addKey(older);
        access().addKey(newer);

        // When
        List<ApiKey> listed = access().keys(1_000);

        // Then
        assertTrue(listed.indexOf(newer) < listed.indexOf(older));
        assertEquals(1, access().keys(1).size());
    }

    @Test
    default void revokedKey_isNotGoodAnyMore_andIsRevokedOnce() {
        // Given
        KeyText text = KeyText.mint(new SecureRandom());
        access().addKey(key(text, NOON, null));
        assertTrue(access().key(text.id()).orElseThrow().isGood(NOON.plusSeconds(2)));

        // When
        boolean revoked = access().revokeKey(text.id(), NOON.plusSeconds(1));

        // Then
        assertTrue(revoked);
        assertFalse(access().revokeKey(text.id(), NOON.plusSeconds(5)));
        assertFalse(access().revokeKey("aaaaaaaaaaaa", NOON));
        ApiKey found = access().key(text.id()).orElseThrow();
        assertEquals(NOON.plusSeconds(1), found.revokedAt());
        assertFalse(found.isGood(NOON.plusSeconds(2)));
    }

    @Test
    default void usedKey_saysWhen() {
        // Given
        KeyText text = KeyText.mint(new SecureRandom());
        access().addKey(key(text, NOON, null));

        // When
        access().keyUsed(text.id(), NOON.plusSeconds(3));
        access().keyUsed("aaaaaaaaaaaa", NOON);

        // Then
        assertEquals(NOON.plusSeconds(3), access().key(text.id()).orElseThrow().lastUsedAt());
    }

    @Test
    default void auditLog_isReadNewestFirst_andForgetsTheOldest() {
        // Given
        String who = "key:" + KeyText.mint(new SecureRandom()).id();
        Instant longAgo = Instant.parse("2001-01-01T00:00:00Z");
        access().addAudit(List.of(entry(who, longAgo, null), entry(who, NOON, "default")));
        access().addAudit(List.of(entry(who, NOON.plusSeconds(1), "nightly")));

        // When
        int deleted = access().deleteAudit(longAgo.plusSeconds(1), 10);

        // Then
        assertTrue(deleted >= 1);
        assertEquals(
                List.of(entry(who, NOON.plusSeconds(1), "nightly"), entry(who, NOON, "default")),
                access().audit(1_000).stream().filter(e -> e.caller().equals(who)).toList());
        assertEquals(0, access().deleteAudit(Instant.EPOCH, 10));
    }

    private static ApiKey key(KeyText text, Instant at, @Nullable Instant expiresAt) {
        return ApiKey.made(text, TenantScope.EVERY, Role.WRITER, "a test's", at, expiresAt);
    }

    private static AuditEntry entry(String who, Instant at, @Nullable String target) {
        return new AuditEntry(
                at, who, "acme", "POST /v1/queues/{queue}/pause", target, 200, "127.0.0.1");
    }
}
