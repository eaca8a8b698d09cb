package dev.outrun.api;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.outrun.schema.error.ErrorCode;
import dev.outrun.schema.error.OutrunException;
import java.util.List;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class StreamOffsetTest {

    @Test
    void offsets_asText_sortAsTheirPlacesDo() {
        // Given
        List<Long> seqs = LongStream.of(0, 1, 9, 10, 99, 1_000_000, 1L << 53).boxed().toList();

        // When
        List<String> texts = seqs.stream().map(seq -> new StreamOffset(seq).text()).toList();

        // Then
        assertEquals(texts.stream().sorted().toList(), texts);
        assertEquals(seqs, texts.stream().map(text -> StreamOffset.parse(text).seq()).toList());
        assertEquals("0000000000000007_0000000000000000", new StreamOffset(7).text());
        assertEquals(0, StreamOffset.parse("-1").seq());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "0",
                "7",
                "-2",
                "now ",
                "0000000000000007",
                "0000000000000007_0000000000000001",
                "0000000000000007,0000000000000000",
                "\u0660000000000000007_0000000000000000"
            })
    void offset_ofNobodys_isRefused(String text) {
        // When
        OutrunException refusal =
                assertThrows(OutrunException.class, () -> StreamOffset.parse(text));

        // Then
        assertEquals(ErrorCode.INVALID_REQUEST, refusal.code());
    }
}
