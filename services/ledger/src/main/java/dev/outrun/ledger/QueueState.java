package dev.outrun.ledger;

import dev.outrun.schema.queue.QueueSettings;
import dev.outrun.schema.run.RunStatus;
import java.util.Map;

/**
 * A queue as it is: what it keeps to, and how many open runs it has in each status; statuses of
 * none are not there.
 */
public record QueueState(QueueSettings settings, Map<RunStatus, Long> runs) {}
