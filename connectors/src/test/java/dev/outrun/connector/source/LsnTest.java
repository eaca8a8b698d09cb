package dev.outrun.connector.source;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LsnTest {

    @ParameterizedTest
    @ValueSource(strings = {"0/0", "16/B374D848", "0/FFFFFFFF", "FFFFFFFF/1"})
    void text_parsedAndPrinted_isTheSame(String text) {
        // When
        Lsn position = Lsn.parse(text);

        // Then
        assertEquals(text, position.toString());
    }

    @Test
    void positions_ofEitherSign_areOrderedUnsigned() {
        // Given
        Lsn early = Lsn.parse("7FFFFFFF/0");
        Lsn late = Lsn.parse("80000000/0");

        // Then
        assertTrue(early.isBefore(late));
    }

    @Test
    void parse_ofSomethingElse_isRefused() {
        assertThrows(IllegalArgumentException.class, () -> Lsn.parse("12"));
        assertThrows(IllegalArgumentException.class, () -> Lsn.parse("x/1"));
    }
}
