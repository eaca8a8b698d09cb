package dev.outrun.ledger;

/** What a stream's run is called by, and its messages: the words that ledger and API share. */
public final class StreamEvents {

    /** The handler of a stream's run: the ledger's own, which no worker offers. */
    public static final String HANDLER = "stream";

    /** The queue that streams' runs are in, though none of them ever waits there. */
    public static final String QUEUE = "streams";

    /** A message that is any JSON. */
    public static final String JSON = "message";

    /** A message that is text: a JSON string. */
    public static final String TEXT = "message.text";

    /** A message that is bytes: a JSON string of their base64. */
    public static final String BYTES = "message.bytes";

    private StreamEvents() {}
}
