package dev.outrun.worker;

import java.util.Map;

/**
 * What brings a user's handlers into {@code ./outrun serve}: a class with a public constructor
 * without parameters, named in {@code META-INF/services/dev.outrun.worker.HandlerProvider} of a jar
 * on the class path. Asked once, when the process starts.
 */
public interface HandlerProvider {

    /** Its handlers by their names, which no other provider's may have. */
    Map<String, RunHandler> handlers();
}
