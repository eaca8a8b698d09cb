package dev.outrun.engine.run;

import dev.outrun.schema.work.Decision;
import dev.outrun.schema.work.RunView;
import dev.outrun.schema.work.Task;

/**
 * What the engine says to others. Timers are no effects: they follow from the state, by {@link
 * RunState#due}.
 */
public sealed interface Effect {

    /** To a worker: make this attempt. */
    record Dispatch(Task task) implements Effect {}

    /** To the ledger: record this. */
    record Decide(Decision.OfRun decision) implements Effect {}

    /** To whichever worker runs it: stop this attempt. */
    record Interrupt(dev.outrun.schema.work.Interrupt interrupt) implements Effect {}

    /** To everybody: this is where the run stands. */
    record Publish(RunView view) implements Effect {}
}
