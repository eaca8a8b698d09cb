package dev.outrun.testkit.simulation;

import java.util.function.LongFunction;
import org.jspecify.annotations.Nullable;

/** Plays a seed's program, and says what was broken; null: nothing. To be loaded by others. */
public final class Probe implements LongFunction<@Nullable String> {

    @Override
    public @Nullable String apply(long seed) {
        Simulation.Result result = Simulation.of(seed);
        return result.isGood() ? null : result.broken().getFirst();
    }
}
