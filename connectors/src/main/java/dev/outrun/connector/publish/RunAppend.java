package dev.outrun.connector.publish;

import dev.outrun.schema.run.RunId;
import java.util.List;
import org.apache.kafka.clients.producer.ProducerRecord;

/**
 * One append on its way to the run's topic.
 *
 * @param records the events' firehose records, whose key, value, headers and time are the same
 * @param maybePublished whether a publisher before us may have sent it, so that the topic has to be
 *     asked
 * @param bytes of all values
 * @param committedAt see {@link CommitClock}
 */
record RunAppend(
        RunId run,
        String topic,
        long firstSeq,
        List<ProducerRecord<byte[], byte[]>> records,
        boolean maybePublished,
        int bytes,
        long committedAt,
        Stretch stretch)
        implements RunLane.Item {}
