package dev.outrun.connector.publish;

import org.jspecify.annotations.Nullable;

/** Where a part says that nothing more may be published. */
@FunctionalInterface
public interface Halt {

    /** Stops for good; only the first reason counts. Any thread; never blocks. */
    void because(String reason, @Nullable Throwable cause);
}
