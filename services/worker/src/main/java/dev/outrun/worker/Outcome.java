package dev.outrun.worker;

import dev.outrun.schema.error.ErrorCode;
import dev.outrun.schema.error.OutrunException;
import dev.outrun.schema.json.WireJson;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/** How an attempt ended. */
sealed interface Outcome {

    /** The code of a handler that threw something without one. */
    String HANDLER_FAILED = "handler_failed";

    /** {@link Suspended}. */
    Outcome SUSPENDED = Suspended.SUSPENDED;

    /**
     * The handler returned.
     *
     * @param output JSON text
     */
    record Completed(String output) implements Outcome {}

    /** The attempt has given its worker back, which is said already. */
    enum Suspended implements Outcome {
        SUSPENDED
    }

    /** The attempt failed; what users see of it. */
    record Failed(String code, String message, boolean retryable) implements Outcome {

        /** Longer messages are cut: they are for people. */
        private static final int MESSAGE_MAX = 2_000;

        public Failed {
            message = message.substring(0, Math.min(message.length(), MESSAGE_MAX));
        }

        /** The error as JSON text. */
        String error() {
            return new String(WireJson.write(new Wire(code, message)), StandardCharsets.UTF_8);
        }

        private record Wire(String code, String message) {}
    }

    /** What the value that a handler returned is. */
    static Outcome returned(@Nullable Object value) {
        try {
            return new Completed(JsonText.of(value));
        } catch (IllegalArgumentException e) {
            return new Failed("invalid_output", "the output has no JSON", false);
        }
    }

    /** What the thing that a handler threw is: its message, never its stack. */
    static Failed thrown(Throwable thrown) {
        return switch (thrown) {
            case HandlerFailure failure ->
                    new Failed(failure.code(), message(failure), failure.isRetryable());
            case OutrunException refusal -> refused(refusal);
            default ->
                    new Failed(
                            HANDLER_FAILED,
                            thrown.getClass().getSimpleName() + ": " + message(thrown),
                            true);
        };
    }

    /** What the ledger's refusal of something of the handler's makes of the attempt. */
    static Failed refused(OutrunException refusal) {
        return new Failed(
                refusal.code().code(),
                message(refusal),
                refusal.code().kind() != ErrorCode.Kind.USER);
    }

    private static String message(Throwable thrown) {
        return thrown.getMessage() == null ? "" : thrown.getMessage();
    }
}
