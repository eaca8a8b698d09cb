package dev.outrun.connector;

/** Somebody else has the right to publish: everything of ours ends at once. */
final class LeaseLostException extends PipelineLostException {

    private static final long serialVersionUID = 1L;

    LeaseLostException(String reason) {
        super(reason);
    }
}
