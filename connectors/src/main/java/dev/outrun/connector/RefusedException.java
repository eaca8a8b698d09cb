package dev.outrun.connector;

import dev.outrun.schema.run.RunId;

/** Brokers refuse a record for what it is: another pipeline has to go on without its run. */
final class RefusedException extends PipelineLostException {

    private static final long serialVersionUID = 1L;

    private final transient RunId run;
    private final long seq;

    RefusedException(RunId run, long seq, String reason) {
        super(reason);
        this.run = run;
        this.seq = seq;
    }

    RunId run() {
        return run;
    }

    long seq() {
        return seq;
    }
}
