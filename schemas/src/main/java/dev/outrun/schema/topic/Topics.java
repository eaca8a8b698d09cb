package dev.outrun.schema.topic;

import dev.outrun.schema.error.OutrunException;
import dev.outrun.schema.run.RunId;
import dev.outrun.schema.run.Tenant;
import org.jspecify.annotations.Nullable;

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

    /** Whose log a run topic is. */
    public record RunTopic(Tenant tenant, RunId run) {}

    /** The run's log: one partition, offset = seq; key run id, value the event's data. */
    public String run(Tenant tenant, RunId run) {
        return runPrefix() + tenant + "." + run;
    }

    /** The same for whose log it is. */
    public String run(RunTopic topic) {
        return run(topic.tenant(), topic.run());
    }

    /** Whose log a topic is; null for every topic that {@link #run} does not name exactly so. */
    public @Nullable RunTopic runTopic(String topic) {
        int dot = topic.indexOf('.', runPrefix().length());
        if (!topic.startsWith(runPrefix()) || dot < 0) {
            return null;
        }
        try {
            RunTopic found =
                    new RunTopic(
                            new Tenant(topic.substring(runPrefix().length(), dot)),
                            RunId.parse(topic.substring(dot + 1)));
            return run(found).equals(topic) ? found : null;
        } catch (OutrunException e) {
            return null; // somebody's with the same beginning: no tenant, or no run id
        }
    }

    private String runPrefix() {
        return prefix + ".run.";
    }

    /** The firehose: every event of every run. Sharded; key run id, value the event's data. */
    public String events() {
        return prefix + ".events";
    }

    /**
     * Attempts to be made: {@link dev.outrun.schema.work.Task}. Read as a share group, and
     * therefore one partition: each of several would be given to a few of the workers, and those
     * that are full would leave its tasks to nobody else.
     */
    public String tasks() {
        return prefix + ".tasks";
    }

    /**
     * Tasks that came to workers without their handler, for those that have it. One partition; made
     * by the first of either.
     */
    public String tasks(String handler) {
        return tasks() + "." + handler;
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
     * What runs did, by minute, queue and handler: {@link dev.outrun.schema.analytics.Window} by
     * {@link dev.outrun.schema.analytics.WindowKey}. Sharded, compacted, and deleted after a week;
     * written in transactions: read what is committed.
     */
    public String windows() {
        return prefix + ".analytics.windows";
    }

    /**
     * What cannot be published or read, with the reason in a header: see {@link RecordHeaders}. One
     * partition. An append: key run id, value its events as JSON, null where there are too many
     * bytes. A record: as it was, without its key and value where those have too many.
     */
    public String deadLetters() {
        return prefix + ".dead-letters";
    }

    /** How far each publisher has come. Compacted, one partition; private to the connector. */
    public String checkpoints() {
        return prefix + ".checkpoints";
    }
}
