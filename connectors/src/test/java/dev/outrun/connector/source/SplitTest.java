package dev.outrun.connector.source;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SplitTest {

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 64})
    void everyShard_isOfOneSplit(int count) {
        List<Integer> shards = List.of(0, 1, 2, 3, 1023, 1024, -1, Integer.MIN_VALUE);

        for (int shard : shards) {
            assertEquals(
                    1, Split.all("outrun", count).stream().filter(one -> one.has(shard)).count());
        }
    }

    @ParameterizedTest
    @CsvSource({"1,0,outrun,outrun", "3,1,outrun_1_of_3,outrun_1_of_3"})
    void names(int count, int number, String slot, String publication) {
        Split split = new Split("outrun", number, count);

        assertEquals(slot, split.slot());
        assertEquals(publication, split.publication());
        assertEquals(Optional.of(split), Split.parse("outrun", slot));
    }

    @Test
    void publication_isNotTheConnectors() {
        assertEquals("outrun_0_of_2", new Split("mine", 0, 2).publication());
        assertEquals("mine_0_of_2", new Split("mine", 0, 2).slot());
    }

    @ParameterizedTest
    @ValueSource(strings = {"other", "other_1_of_3", "outrun_1_of", "outrun_1_of_3_", "outrun_"})
    void slotOfAnother_isNoSplit(String slot) {
        assertEquals(Optional.empty(), Split.parse("outrun", slot));
    }

    @ParameterizedTest
    @CsvSource({
        "outrun_1_of_3,true",
        "outrun_0_of_3,false",
        "outrun,true",
        "outrun_0_of_2,true",
        "other_1_of_3,false"
    })
    void mayOverlap(String slot, boolean overlaps) {
        assertEquals(overlaps, new Split("outrun", 1, 3).mayOverlap(slot));
    }

    @Test
    void splitThatIsNoneOfThem_isRefused() {
        assertThrows(IllegalArgumentException.class, () -> new Split("outrun", 2, 2));
        assertThrows(IllegalArgumentException.class, () -> new Split("outrun", -1, 2));
    }

    @Test
    void coverage_namesOffsetsOfItsOwnPartitionsOnly() {
        Watermark older = new Watermark("1:1:", List.of(1L, 2L, 3L, 4L));
        Watermark newer = new Watermark("2:2:", List.of(10L, 20L, 30L, 40L));
        List<Integer> even = IntStream.range(0, 512).map(n -> 2 * n).boxed().toList();

        List<Coverage> coverage =
                List.of(
                        new Coverage(even, newer),
                        new Coverage(List.of(1), older),
                        new Coverage(List.of(3), null));

        assertEquals(List.of(10L, 2L, 30L, 0L), Coverage.firehose(coverage));
        assertEquals(null, Coverage.firehose(List.of(Coverage.none(new Split("outrun", 0, 1)))));
    }
}
