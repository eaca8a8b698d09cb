package dev.outrun.schema.topic;

import dev.outrun.schema.run.RunId;
import dev.outrun.schema.run.Tenant;

/**
 * Every topic name, from one prefix ({@code outrun} unless configured). Topics marked
 * <i>sharded</i> have one partition per shard, and a record about a run is in the partition of the
 * run's shard.
 */
public record Topics(String prefix) {

    public static final String DEFAULT_PREFIX = "outrun";

    public Topics {
        if (!prefix.matches("[A-Za-z0-9][A-Za-z0-9._-]{0,99}")) {
            throw new IllegalArgumentException("topic prefix '" + prefix + "' is not a topic name");
        }
    }

    /** The run's log: one partition, offset = seq; key run id, value the event's data. */
    public String run(Tenant tenant, RunId run) {
        return prefix + ".run." + tenant + "." + run;
    }

    /** The firehose: every event of every run. Sharded; key run id, value the event's data. */
    public String events() {
        return prefix + ".events";
    }

    /** Attempts to be made: {@link dev.outrun.schema.work.Task}. Sharded, read as a share group. */
    public String tasks() {
        return prefix + ".tasks";
    }

    /** What the engine decided: {@link dev.outrun.schema.work.Decision}. Sharded. */
    public String decisions() {
        return prefix + ".decisions";
    }

    /**
     * Live attempts to be interrupted: {@link dev.outrun.schema.work.Interrupt}. Sharded; read by
     * every worker.
     */
    public String interrupts() {
        return prefix + ".interrupts";
    }

    /**
     * Signs of life: {@link dev.outrun.schema.work.Heartbeat}. Sharded: one record per worker and
     * shard.
     */
    public String heartbeats() {
        return prefix + ".heartbeats";
    }

    /**
     * Each run's current state: {@link dev.outrun.schema.work.RunView}. Sharded, compacted; key run
     * id.
     */
    public String runs() {
        return prefix + ".runs";
    }

    /**
     * Appends that cannot be published, with the reason in a header: see {@link RecordHeaders}. One
     * partition; key run id, value the append's events as JSON, null where there are too many
     * bytes.
     */
    public String deadLetters() {
        return prefix + ".dead-letters";
    }

    /** How far each publisher has come. Compacted, one partition; private to the connector. */
    public String checkpoints() {
        return prefix + ".checkpoints";
    }
}
