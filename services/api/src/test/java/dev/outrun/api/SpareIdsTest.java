package dev.outrun.api;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import dev.outrun.schema.run.RunId;
import dev.outrun.schema.run.Tenant;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

class SpareIdsTest {

    private final AtomicReference<Instant> now =
            new AtomicReference<>(Instant.parse("2026-01-01T00:00:00Z"));
    private final InstantSource clock = now::get;
    private final SplittableRandom random = new SplittableRandom(1);
    private final SpareIds ids = new SpareIds(_ -> RunId.mint(clock, random), clock);

    @Test
    void id_givenBack_isTheNextTenantsOwn() {
        // Given
        RunId given = ids.take(Tenant.DEFAULT);

        // When
        ids.giveBack(Tenant.DEFAULT, given);

        // Then
        assertNotEquals(given, ids.take(new Tenant("other")));
        assertEquals(given, ids.take(Tenant.DEFAULT));
        assertNotEquals(given, ids.take(Tenant.DEFAULT));
    }

    @Test
    void id_givenBackLongAgo_isForgotten() {
        // Given
        ids.giveBack(Tenant.DEFAULT, ids.take(Tenant.DEFAULT));
        now.updateAndGet(time -> time.plus(Duration.ofMinutes(31)));

        // When
        RunId next = ids.take(Tenant.DEFAULT);

        // Then
        assertEquals(now.get(), next.mintedAt());
    }
}
