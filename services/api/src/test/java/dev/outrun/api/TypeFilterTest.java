package dev.outrun.api;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outrun.schema.error.ErrorCode;
import dev.outrun.schema.error.OutrunException;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class TypeFilterTest {

    @Test
    void filter_letsTypesAndBeginningsPass_andNothingElse() {
        // Given
        TypeFilter filter = TypeFilter.parse("token.delta,run.*,run");

        // When
        List<String> passed =
                List.of("token.delta", "token.delta2", "token", "run", "run.failed", "running")
                        .stream()
                        .filter(filter::passes)
                        .toList();

        // Then
        assertEquals(List.of("token.delta", "run", "run.failed"), passed);
    }

    @Test
    void noFilter_letsAllPass() {
        // When
        TypeFilter filter = TypeFilter.parse(null);

        // Then
        assertTrue(filter.isAll());
        assertTrue(filter.passes("whatever"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "a,", "*", "a b", "a**", "*a", "a\u0000"})
    void filterThatIsNone_isRefused(String text) {
        // When
        OutrunException refusal = assertThrows(OutrunException.class, () -> TypeFilter.parse(text));

        // Then
        assertEquals(ErrorCode.INVALID_REQUEST, refusal.code());
    }

    @Test
    void moreTypesThanThereMayBe_areRefused() {
        // Given
        String text = String.join(",", Collections.nCopies(51, "a"));

        // When
        OutrunException refusal = assertThrows(OutrunException.class, () -> TypeFilter.parse(text));

        // Then
        assertEquals(ErrorCode.INVALID_REQUEST, refusal.code());
    }
}
