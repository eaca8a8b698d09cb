package dev.outrun.engine.run;

/** A run whose log is not closed: what its log has said, and what the engine waits for. */
public record OpenRun(RunFacts facts, RunState state) {}
