package dev.outrun.worker;

import org.jspecify.annotations.Nullable;

/** A part of a handler's work that is done once: see {@link RunContext#step}. */
@FunctionalInterface
public interface Step<T extends @Nullable Object, E extends Exception> {

    /** Does the work and returns what is to be remembered of it. */
    T run() throws E;
}
