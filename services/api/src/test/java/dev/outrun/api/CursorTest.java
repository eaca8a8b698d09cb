package dev.outrun.api;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.outrun.ledger.RunQuery;
import dev.outrun.schema.error.ErrorCode;
import dev.outrun.schema.error.OutrunException;
import dev.outrun.schema.run.RunId;
import java.time.Instant;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CursorTest {

    @Test
    void cursor_readBack_isThePlace() {
        // Given
        RunQuery.Place place =
                new RunQuery.Place(
                        Instant.parse("2026-01-31T12:00:00.123456Z"), new RunId(new UUID(1, 2)));

        // When
        RunQuery.Place read = Cursor.read(Cursor.write(place));

        // Then
        assertEquals(place, read);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "x", "????", "AAAA", "MjAyNi0wMS0zMVQxMjowMDowMFo", "MSAy"})
    void cursor_notOurs_isRefused(String cursor) {
        // When
        OutrunException refused = assertThrows(OutrunException.class, () -> Cursor.read(cursor));

        // Then
        assertEquals(ErrorCode.INVALID_REQUEST, refused.code());
    }
}
