package dev.outrun.api;

import dev.outrun.schema.error.ErrorCode;
import dev.outrun.schema.error.OutrunException;
import io.helidon.http.HeaderNames;
import io.helidon.http.HttpException;
import io.helidon.http.RequestException;
import io.helidon.http.Status;
import io.helidon.webserver.http.ServerRequest;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Request bodies, read up to a limit and never beyond it. */
final class Body {

    private static final Pattern JSON_TYPE =
            Pattern.compile("application/json\\s*(;\\s*charset\\s*=\\s*\"?utf-8\"?\\s*)?");
    private static final char REPLACEMENT = '\uFFFD';

    private Body() {}

    /** The text of a body that is JSON in UTF-8, exactly; null where there is none. */
    static @Nullable String read(ServerRequest request, int bytesMax) {
        if (!request.content().hasEntity()) {
            return null;
        }
        checkType(request);
        byte[] bytes = readBytes(request, bytesMax);
        return bytes.length == 0 ? null : text(bytes);
    }

    /** A body of any type; empty where there is none. */
    static byte[] readBytes(ServerRequest request, int bytesMax) {
        if (!request.content().hasEntity()) {
            return new byte[0];
        }
        request.headers()
                .contentLength()
                .ifPresent(length -> {
                    if (length > bytesMax) {
                        throw tooLarge(bytesMax);
                    }
                });
        return bytes(request, bytesMax);
    }

    private static void checkType(ServerRequest request) {
        String type = request.headers().first(HeaderNames.CONTENT_TYPE).orElse("");
        if (!JSON_TYPE.matcher(type.trim().toLowerCase(Locale.ROOT)).matches()) {
            throw new OutrunException(
                    ErrorCode.UNSUPPORTED_MEDIA_TYPE,
                    "the body must be application/json in UTF-8, not '" + type + "'");
        }
    }

    private static byte[] bytes(ServerRequest request, int bytesMax) {
        // Not closed: what is left unread is skipped once the answer is out.
        InputStream in = request.content().inputStream();
        ByteArrayOutputStream body = new ByteArrayOutputStream(1024);
        byte[] buffer = new byte[8 * 1024];
        for (int n = read(in, buffer); n >= 0; n = read(in, buffer)) {
            if (body.size() + n > bytesMax) {
                throw tooLarge(bytesMax);
            }
            body.write(buffer, 0, n);
        }
        return body.toByteArray();
    }

    private static int read(InputStream in, byte[] buffer) {
        try {
            return in.read(buffer);
        } catch (RequestException e) {
            throw e; // the server's own refusal, with its status
        } catch (IOException | RuntimeException e) {
            // It ended too early, or its chunks are none: where the next request would begin is
            // not known.
            throw new HttpException("the body is broken", Status.BAD_REQUEST_400, e, false);
        }
    }

    /** A body's text; throws {@code invalid_json} where it is not UTF-8. */
    static String text(byte[] bytes) {
        String text = new String(bytes, StandardCharsets.UTF_8);
        if (text.indexOf(REPLACEMENT) < 0) {
            return text;
        }
        try { // either it was sent so, or it stands for bytes that are no UTF-8
            return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
        } catch (CharacterCodingException e) {
            throw new OutrunException(ErrorCode.INVALID_JSON, "the body is not UTF-8", e);
        }
    }

    private static OutrunException tooLarge(int bytesMax) {
        return new OutrunException(
                ErrorCode.PAYLOAD_TOO_LARGE, "the body has more than " + bytesMax + " bytes");
    }
}
