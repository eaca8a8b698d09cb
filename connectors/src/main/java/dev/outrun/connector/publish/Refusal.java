package dev.outrun.connector.publish;

import dev.outrun.schema.run.RunId;

/** Where the live lane says that brokers refuse a record for what it is. */
@FunctionalInterface
public interface Refusal {

    /**
     * This publisher is of no more use: nothing behind the record is sent. Another one has to go on
     * without the run. Any thread; never blocks.
     */
    void of(RunId run, long seq, String reason);
}
