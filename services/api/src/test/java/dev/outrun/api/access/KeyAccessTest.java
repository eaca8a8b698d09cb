package dev.outrun.api.access;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outrun.ledger.access.ApiKey;
import dev.outrun.ledger.access.KeyText;
import dev.outrun.ledger.access.Role;
import dev.outrun.ledger.access.TenantScope;
import dev.outrun.ledger.memory.InMemoryAccessLedger;
import dev.outrun.schema.error.ErrorCode;
import dev.outrun.schema.error.OutrunException;
import dev.outrun.schema.run.Tenant;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

final class KeyAccessTest {

    private static final Instant NOON = Instant.parse("2026-01-02T12:00:00Z");
    private static final String HERE = "127.0.0.1";

    private final AtomicReference<Instant> now = new AtomicReference<>(NOON);
    private final InMemoryAccessLedger ledger = new InMemoryAccessLedger();
    private final KeyAccess access = new KeyAccess(ledger, now::get);

    @Test
    void goodKey_tellsWhoCalls() {
        // Given
        KeyText one = key("acme", null);
        KeyText every = key("*", null);

        // When
        Caller ofOne = access.caller("Bearer " + one.text(), HERE);
        Caller ofEvery = access.caller("bearer  " + every.text(), HERE);

        // Then
        assertEquals("key:" + one.id(), ofOne.name());
        assertEquals(Role.WRITER, ofOne.role());
        assertEquals(new Tenant("acme"), ofOne.tenant());
        assertFalse(ofOne.sees(Tenant.DEFAULT));
        assertTrue(ofOne.isKnown());
        assertEquals(Tenant.DEFAULT, ofEvery.tenant());
        assertTrue(ofEvery.sees(new Tenant("acme")));
        assertFalse(ofEvery.actingFor(new Tenant("acme")).sees(Tenant.DEFAULT));
    }

    @Test
    void revokedKey_isGoodForAMomentAtMost() {
        // Given
        KeyText key = key("acme", null);
        Caller before = access.caller("Bearer " + key.text(), HERE);
        ledger.revokeKey(key.id(), NOON);

        // When
        now.set(NOON.plus(KeyAccess.MOMENT));

        // Then
        assertFalse(before.stillGood().getAsBoolean());
        assertRefused(ErrorCode.UNAUTHENTICATED, "Bearer " + key.text());
    }

    @Test
    void keyThatExpires_isRefusedFromThenOn() {
        // Given
        KeyText key = key("acme", NOON.plusSeconds(1));
        Caller before = access.caller("Bearer " + key.text(), HERE);

        // When
        now.set(NOON.plusSeconds(1));

        // Then
        assertFalse(before.stillGood().getAsBoolean());
        assertRefused(ErrorCode.UNAUTHENTICATED, "Bearer " + key.text());
    }

    @Test
    void usedKey_isNotedOnceAMinute() {
        // Given
        KeyText key = key("acme", null);
        assertNull(lastUsed(key));
        access.caller("Bearer " + key.text(), HERE);

        // When
        now.set(NOON.plusSeconds(30));
        access.caller("Bearer " + key.text(), HERE);

        // Then
        assertEquals(NOON, lastUsed(key));
        now.set(NOON.plusSeconds(61));
        access.caller("Bearer " + key.text(), HERE);
        assertEquals(NOON.plusSeconds(61), lastUsed(key));
    }

    @Test
    void unknownKeys_areNotAskedForWithoutEnd_andKnownOnesStillOpen() {
        // Given
        KeyText known = key("acme", null);
        access.caller("Bearer " + known.text(), HERE);
        ErrorCode last = ErrorCode.UNAUTHENTICATED;

        // When
        for (int i = 0; i < 100_000 && last == ErrorCode.UNAUTHENTICATED; i++) {
            String unknown = "Bearer " + KeyText.mint(new SecureRandom()).text();
            last = assertThrows(OutrunException.class, () -> access.caller(unknown, HERE)).code();
        }

        // Then
        assertEquals(ErrorCode.TOO_MANY_REQUESTS, last);
        assertEquals("key:" + known.id(), access.caller("Bearer " + known.text(), HERE).name());
        String other = "Bearer " + KeyText.mint(new SecureRandom()).text();
        assertEquals(
                ErrorCode.UNAUTHENTICATED,
                assertThrows(OutrunException.class, () -> access.caller(other, "10.0.0.1")).code());
    }

    @Test
    void ledgerThatIsAway_letsNobodyInAnew_andWhatIsOpenStaysOpen() {
        // Given
        KeyText key = key("acme", null);
        Caller before = access.caller("Bearer " + key.text(), HERE);

        // When
        ledger.setAway(true);

        // Then
        assertEquals("key:" + key.id(), access.caller("Bearer " + key.text(), HERE).name());
        now.set(NOON.plus(Duration.ofMinutes(5)));
        assertTrue(before.stillGood().getAsBoolean());
        assertRefused(ErrorCode.UNAVAILABLE, "Bearer " + key.text());
    }

    private void assertRefused(ErrorCode code, @Nullable String authorization) {
        assertEquals(
                code,
                assertThrows(OutrunException.class, () -> access.caller(authorization, HERE))
                        .code());
    }

    private @Nullable Instant lastUsed(KeyText key) {
        return ledger.key(key.id()).orElseThrow().lastUsedAt();
    }

    private KeyText key(String tenant, @Nullable Instant expiresAt) {
        KeyText text = KeyText.mint(new SecureRandom());
        ledger.addKey(
                ApiKey.made(
                        text, TenantScope.of(tenant), Role.WRITER, "a test's", NOON, expiresAt));
        return text;
    }
}
