package dev.outrun.api;

import io.helidon.http.HeaderName;
import io.helidon.http.HeaderNames;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import java.util.Arrays;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** The headers of the Durable Streams protocol, and how they are said and read. */
final class StreamHeaders {

    static final HeaderName NEXT_OFFSET = HeaderNames.create("Stream-Next-Offset");
    static final HeaderName CLOSED = HeaderNames.create("Stream-Closed");
    static final HeaderName CURSOR = HeaderNames.create("Stream-Cursor");
    static final HeaderName TTL = HeaderNames.create("Stream-TTL");
    static final HeaderName EXPIRES_AT = HeaderNames.create("Stream-Expires-At");
    static final HeaderName WRITER_SEQ = HeaderNames.create("Stream-Seq");
    static final HeaderName FORKED_FROM = HeaderNames.create("Stream-Forked-From");
    static final HeaderName FORK_OFFSET = HeaderNames.create("Stream-Fork-Offset");
    static final HeaderName FORK_SUB_OFFSET = HeaderNames.create("Stream-Fork-Sub-Offset");
    static final HeaderName PRODUCER_ID = HeaderNames.create("Producer-Id");
    static final HeaderName PRODUCER_EPOCH = HeaderNames.create("Producer-Epoch");
    static final HeaderName PRODUCER_SEQ = HeaderNames.create("Producer-Seq");
    static final HeaderName PRODUCER_EXPECTED = HeaderNames.create("Producer-Expected-Seq");
    static final HeaderName PRODUCER_RECEIVED = HeaderNames.create("Producer-Received-Seq");
    static final HeaderName SSE_ENCODING = HeaderNames.create("Stream-SSE-Data-Encoding");
    private static final HeaderName UP_TO_DATE = HeaderNames.create("Stream-Up-To-Date");
    private static final String TRUE = "true";

    /** All that a request may have, as a list. */
    static final String OF_REQUESTS =
            list(
                    CLOSED,
                    TTL,
                    EXPIRES_AT,
                    WRITER_SEQ,
                    FORKED_FROM,
                    FORK_OFFSET,
                    FORK_SUB_OFFSET,
                    PRODUCER_ID,
                    PRODUCER_EPOCH,
                    PRODUCER_SEQ);

    /** All that an answer may have, as a list. */
    static final String OF_RESPONSES =
            list(
                    NEXT_OFFSET,
                    CLOSED,
                    CURSOR,
                    TTL,
                    EXPIRES_AT,
                    PRODUCER_EPOCH,
                    PRODUCER_SEQ,
                    PRODUCER_EXPECTED,
                    PRODUCER_RECEIVED,
                    SSE_ENCODING,
                    UP_TO_DATE);

    private StreamHeaders() {}

    private static String list(HeaderName... names) {
        return Arrays.stream(names).map(HeaderName::defaultCase).collect(Collectors.joining(", "));
    }

    static void place(ServerResponse response, long end, boolean closed) {
        response.header(NEXT_OFFSET, new StreamOffset(end).text());
        if (closed) {
            response.header(CLOSED, TRUE);
        }
    }

    static void upToDate(ServerResponse response) {
        response.header(UP_TO_DATE, TRUE);
    }

    /** A request's header; null where there is none. */
    static @Nullable String get(ServerRequest request, HeaderName name) {
        return request.headers().first(name).orElse(null);
    }

    /** Whether a request closes its stream; any word but true is as if it were not there. */
    static boolean closes(ServerRequest request) {
        return TRUE.equalsIgnoreCase(get(request, CLOSED));
    }
}
