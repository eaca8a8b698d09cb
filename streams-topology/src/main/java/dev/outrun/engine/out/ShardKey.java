package dev.outrun.engine.out;

import dev.outrun.schema.run.RunId;

/** Where a record goes: the partition of the shard it comes from, under the run's id. */
public record ShardKey(int shard, RunId run) {}
