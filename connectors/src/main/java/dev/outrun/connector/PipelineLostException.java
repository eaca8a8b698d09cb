package dev.outrun.connector;

import org.jspecify.annotations.Nullable;

/** A pipeline that cannot go on: another one has to begin from what is known outside of it. */
class PipelineLostException extends Exception {

    private static final long serialVersionUID = 1L;

    PipelineLostException(@Nullable String reason) {
        super(reason);
    }
}
