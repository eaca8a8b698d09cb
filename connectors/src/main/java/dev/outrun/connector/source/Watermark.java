package dev.outrun.connector.source;

import java.util.List;

/**
 * How far a connector has come, as the database can check it.
 *
 * @param snapshot {@code pg_snapshot}: every append visible in it is published
 * @param firehose per partition: no append that is not visible in the snapshot is before this
 *     offset
 */
public record Watermark(String snapshot, List<Long> firehose) {}
