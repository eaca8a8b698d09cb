package dev.outrun.connector;

import org.jspecify.annotations.Nullable;

/** The slot cannot deliver what the topics lack: it has to be made anew, and they refilled. */
final class SlotLostException extends Exception {

    private static final long serialVersionUID = 1L;

    SlotLostException(@Nullable String reason) {
        super(reason);
    }
}
