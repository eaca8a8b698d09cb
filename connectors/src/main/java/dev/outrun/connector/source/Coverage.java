package dev.outrun.connector.source;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * How far some shards are known to be published.
 *
 * @param shards of appends, by their lower ten bits
 * @param watermark of the slot that had these shards last; null where nothing is known
 */
public record Coverage(List<Integer> shards, @Nullable Watermark watermark) {

    /** Of a split of which nothing is known to be published. */
    public static Coverage none(Split split) {
        return new Coverage(
                IntStream.range(0, Split.SHARDS_MAX).filter(split::has).boxed().toList(), null);
    }

    /**
     * Per partition of the firehose, an offset before which all is covered; null where nothing is
     * covered anywhere.
     */
    public static @Nullable List<Long> firehose(List<Coverage> all) {
        List<Long> from = new ArrayList<>();
        for (Coverage covered : all) {
            Watermark watermark = covered.watermark();
            if (watermark == null) {
                continue;
            }
            while (from.size() < watermark.firehose().size()) {
                from.add(0L);
            }
            for (int partition = 0; partition < watermark.firehose().size(); partition++) {
                if (covered.shards().contains(partition)) {
                    from.set(partition, watermark.firehose().get(partition));
                }
            }
        }
        return from.isEmpty() ? null : from;
    }
}
