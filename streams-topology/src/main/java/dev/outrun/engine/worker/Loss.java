package dev.outrun.engine.worker;

import dev.outrun.schema.run.RunId;

/** A run whose live attempt has lost its claimant, and what became of that. */
public record Loss(RunId run, String reason) {}
