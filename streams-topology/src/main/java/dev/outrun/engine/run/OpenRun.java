package dev.outrun.engine.run;

/** A run whose log is not closed: what its log has said, and what the engine waits for. */
public record OpenRun(RunFacts facts, RunState state) {

    /** Whether nothing but its seq has moved: it has seen events of users' since. */
    public boolean isWhere(OpenRun before) {
        return state.equals(before.state)
                && facts.at(before.facts.seq(), before.facts.time()).equals(before.facts);
    }
}
