package dev.outrun.connector.publish;

import dev.outrun.connector.source.Change;
import dev.outrun.connector.source.Lsn;
import dev.outrun.connector.source.WalPlace;
import dev.outrun.schema.run.RunId;
import dev.outrun.schema.run.Tenant;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;

/** What an append costs until it is records for both lanes. */
@State(Scope.Thread)
public class SlicingBenchmark {

    /** Events in the append. */
    @Param({"1", "10"})
    public int events;

    /** Of each event's data. */
    @Param({"300"})
    public int bytes;

    private Change.Appended append =
            new Change.Appended(
                    new RunId(new UUID(1, 2)),
                    Tenant.DEFAULT,
                    1,
                    0,
                    1,
                    new byte[0],
                    Instant.EPOCH,
                    null,
                    false,
                    new WalPlace(null, new Lsn(1)));

    /** Writes the append. */
    @Setup
    public void write() {
        String event = "{\"type\":\"tick\",\"data\":\"" + "x".repeat(bytes) + "\"}";
        String all = "[" + (event + ",").repeat(events - 1) + event + "]";
        append =
                new Change.Appended(
                        append.run(),
                        append.tenant(),
                        append.firstSeq(),
                        append.shard(),
                        append.attempt(),
                        all.getBytes(StandardCharsets.UTF_8),
                        append.appendedAt(),
                        null,
                        false,
                        append.place());
    }

    /** An operation is an append. */
    @Benchmark
    public List<ProducerRecord<byte[], byte[]>> append() {
        return EventRecords.of("outrun.events", append);
    }
}
