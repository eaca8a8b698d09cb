package dev.outrun.connector;

/** The firehose holds records that are not ours: a predecessor's, which was thought dead. */
final class OvertakenException extends PipelineLostException {

    private static final long serialVersionUID = 1L;

    OvertakenException(String reason) {
        super(reason);
    }
}
