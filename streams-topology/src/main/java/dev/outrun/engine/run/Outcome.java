package dev.outrun.engine.run;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a step of a run comes to.
 *
 * @param run the run after it; null once its log is closed
 * @param effects what is to be said, in this order
 */
public record Outcome(@Nullable OpenRun run, List<Effect> effects) {

    /** The same, and this as well. */
    Outcome and(Effect more) {
        List<Effect> all = new ArrayList<>(effects);
        all.add(more);
        return new Outcome(run, all);
    }

    static Outcome of(RunFacts facts, RunState state, Effect... effects) {
        return new Outcome(new OpenRun(facts, state), List.of(effects));
    }
}
