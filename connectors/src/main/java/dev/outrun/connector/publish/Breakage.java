package dev.outrun.connector.publish;

import dev.outrun.schema.run.RunId;

/**
 * Where the live lane says that its publisher is of no more use. It sends nothing more; another one
 * has to go on from the last checkpoint. Any thread; never blocks.
 */
public interface Breakage {

    /** Brokers refuse this record for what it is: go on without the run. */
    void refused(RunId run, long seq, String reason);

    /** Somebody else has written to the firehose. */
    void overtaken(String reason);
}
