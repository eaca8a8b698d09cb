package dev.outrun.api;

import dev.outrun.schema.error.ErrorCode;
import dev.outrun.schema.error.OutrunException;
import io.helidon.webserver.http.ServerRequest;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** A request's query parameters: known ones, each at most once. */
final class Query {

    private final ServerRequest request;

    private Query(ServerRequest request) {
        this.request = request;
    }

    /** Refuses parameters other than these, by name. */
    static Query of(ServerRequest request, Set<String> names) {
        for (String name : request.query().names()) {
            if (!names.contains(name)) {
                throw Text.invalid("there is no parameter '" + name + "' here");
            }
            if (request.query().all(name).size() > 1) {
                throw Text.invalid("'" + name + "' is given more than once");
            }
        }
        return new Query(request);
    }

    @Nullable String text(String name) {
        return request.query().contains(name)
                ? Text.checked(name, request.query().get(name))
                : null;
    }

    int integer(String name, int otherwise, int most) {
        String text = text(name);
        if (text == null) {
            return otherwise;
        }
        try {
            int value = Integer.parseInt(text);
            if (value >= 1 && value <= most) {
                return value;
            }
        } catch (NumberFormatException e) {
            // Falls through to the same answer.
        }
        throw Text.invalid("'" + name + "' must be a whole number, 1 to " + most);
    }

    /** A seq; throws {@code invalid_seq}. */
    static long seq(String what, String text) {
        try {
            long seq = Long.parseLong(text);
            if (seq >= 0 && seq < Long.MAX_VALUE && text.charAt(0) != '+') {
                return seq;
            }
        } catch (NumberFormatException e) {
            // Falls through to the same answer.
        }
        throw new OutrunException(
                ErrorCode.INVALID_SEQ, what + " must be a whole number from 0 on");
    }
}
