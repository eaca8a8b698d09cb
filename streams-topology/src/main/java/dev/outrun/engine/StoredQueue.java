package dev.outrun.engine;

import dev.outrun.engine.queue.Starts;
import dev.outrun.schema.queue.QueueSettings;
import dev.outrun.schema.run.RunId;
import java.util.List;

/**
 * A queue as a shard remembers it.
 *
 * @param log the log that its settings come from
 * @param seq the last event seen there
 * @param starts when attempts started lately; kept up where the settings have a rate
 */
record StoredQueue(RunId log, long seq, QueueSettings settings, List<Starts.Group> starts) {}
