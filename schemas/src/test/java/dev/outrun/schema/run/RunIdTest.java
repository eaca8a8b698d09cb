package dev.outrun.schema.run;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outrun.schema.error.ErrorCode;
import dev.outrun.schema.error.OutrunException;
import java.time.Instant;
import java.time.InstantSource;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class RunIdTest {

    @Test
    void mintedIds_ofLaterMilliseconds_sortLater() {
        // Given
        SplittableRandom random = new SplittableRandom(1);
        Instant first = Instant.parse("2026-01-01T00:00:00Z");

        // When
        RunId earlier = RunId.mint(InstantSource.fixed(first), random);
        RunId later = RunId.mint(InstantSource.fixed(first.plusMillis(1)), random);

        // Then
        assertEquals(7, earlier.value().version());
        assertEquals(2, earlier.value().variant());
        assertTrue(earlier.toString().compareTo(later.toString()) < 0);
        assertEquals(earlier, RunId.parse(earlier.toString()));
    }

    @Test
    void mintedAt_isTheMillisecondOfMinting_andUnknownOfOtherIds() {
        // Given
        Instant time = Instant.parse("2026-01-01T00:00:00.123456Z");

        // When
        RunId minted = RunId.mint(InstantSource.fixed(time), new SplittableRandom(1));
        RunId random = RunId.parse("c2d29867-3d0b-4497-9191-18a9d8ee7830");

        // Then
        assertEquals(Instant.parse("2026-01-01T00:00:00.123Z"), minted.mintedAt());
        assertNull(random.mintedAt());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"", "none", "1-2-3-4-5", "01890a5d-ac96-774b-bcce-b302099a805", "../etc"})
    void text_thatIsNoId_isRefused(String text) {
        // When
        OutrunException refusal = assertThrows(OutrunException.class, () -> RunId.parse(text));

        // Then
        assertEquals(ErrorCode.INVALID_RUN_ID, refusal.code());
    }
}
