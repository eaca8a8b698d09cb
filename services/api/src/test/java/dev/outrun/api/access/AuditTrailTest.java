package dev.outrun.api.access;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.outrun.ledger.access.AuditEntry;
import dev.outrun.ledger.memory.InMemoryAccessLedger;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;

final class AuditTrailTest {

    private static final Instant NOON = Instant.parse("2026-01-02T12:00:00Z");
    private static final Duration WEEK = Duration.ofDays(7);

    private final InMemoryAccessLedger ledger = new InMemoryAccessLedger();
    private final SimpleMeterRegistry registry = new SimpleMeterRegistry();

    @Test
    void entries_areAllWritten_whenItIsClosed() {
        // Given
        AuditTrail trail = AuditTrail.start(ledger, WEEK, registry, () -> NOON);

        // When
        for (int i = 0; i < 1_200; i++) {
            trail.add(entry(NOON.plusMillis(i)));
        }
        trail.close();

        // Then
        assertEquals(1_200, ledger.audit(10_000).size());
        assertEquals(NOON.plusMillis(1_199), ledger.audit(1).getFirst().at());
        assertEquals(1_200, registry.counter("outrun.audit.entries").count());
        assertEquals(0, registry.counter("outrun.audit.lost").count());
    }

    @Test
    void entries_thatCannotBeKept_areCounted() {
        // Given
        ledger.setAway(true);
        AuditTrail trail = AuditTrail.start(ledger, WEEK, registry, () -> NOON);

        // When
        for (int i = 0; i < 12_000; i++) {
            trail.add(entry(NOON));
        }
        trail.close();
        trail.add(entry(NOON));

        // Then
        ledger.setAway(false);
        assertEquals(12_001, registry.counter("outrun.audit.lost").count());
        assertEquals(List.of(), ledger.audit(1));
    }

    @Test
    void entries_olderThanTheRetention_areDeleted() {
        // Given
        ledger.addAudit(List.of(entry(NOON.minus(WEEK).minusSeconds(1)), entry(NOON.minus(WEEK))));

        // When
        AuditTrail trail = AuditTrail.start(ledger, WEEK, registry, () -> NOON);
        trail.add(entry(NOON));
        trail.close();

        // Then
        assertEquals(
                List.of(NOON, NOON.minus(WEEK)),
                ledger.audit(10).stream().map(AuditEntry::at).toList());
    }

    private static AuditEntry entry(Instant at) {
        return new AuditEntry(
                at, "key:aaaaaaaaaaaa", "acme", "POST /v1/runs", null, 201, "127.0.0.1");
    }
}
