package dev.outrun.connector.publish;

import dev.outrun.schema.run.RunId;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;

/** What it costs to know the next seq of an append's run, of so many that are in use. */
@State(Scope.Thread)
public class ExpectedSeqsBenchmark {

    /** Runs, each appended to in turn. */
    @Param({"100", "10000"})
    public int runs;

    private final ExpectedSeqs expected = new ExpectedSeqs(100_000);
    private RunId[] ids = {};
    private int next;

    /** Makes all of them known. */
    @Setup
    public void know() {
        ids = new RunId[runs];
        for (int n = 0; n < runs; n++) {
            ids[n] = new RunId(new UUID(n * 0x9E37_79B9_7F4A_7C15L, n));
            expected.put(ids[n], "outrun.run." + n, 0);
        }
    }

    /** An operation is an event that is sent and acknowledged. */
    @Benchmark
    public ExpectedSeqs.@Nullable Entry event() {
        next = next + 1 == ids.length ? 0 : next + 1;
        ExpectedSeqs.Entry entry = expected.get(ids[next]);
        if (entry != null) {
            entry.sending();
            entry.acknowledged();
        }
        return entry;
    }
}
