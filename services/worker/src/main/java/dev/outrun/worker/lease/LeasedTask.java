package dev.outrun.worker.lease;

import dev.outrun.ledger.Claim;
import dev.outrun.schema.run.RunId;

/**
 * A claimed attempt that somebody far away makes.
 *
 * @param claim what to run
 */
public record LeasedTask(RunId run, int attempt, Claim claim) {}
