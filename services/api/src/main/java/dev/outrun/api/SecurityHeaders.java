package dev.outrun.api;

import io.helidon.http.Header;
import io.helidon.http.HeaderNames;
import io.helidon.http.HeaderValues;
import io.helidon.http.ServerResponseHeaders;
import io.helidon.webserver.http.RoutingResponse;
import java.util.List;

/** What every answer tells a browser: to trust it with as little as can be. */
final class SecurityHeaders {

    private static final List<Header> ALWAYS =
            List.of(
                    HeaderValues.createCached("X-Content-Type-Options", "nosniff"),
                    // Answers are somebody's, and events come later: no cache may keep one.
                    HeaderValues.createCached(HeaderNames.CACHE_CONTROL, "no-store"),
                    HeaderValues.createCached("Referrer-Policy", "no-referrer"),
                    HeaderValues.createCached("X-Frame-Options", "DENY"),
                    HeaderValues.createCached("Cross-Origin-Resource-Policy", "same-origin"),
                    // The console's page has a policy of its own.
                    HeaderValues.createCached(
                            "Content-Security-Policy",
                            "default-src 'none'; frame-ancestors 'none'"));

    private static final Header TLS_ONLY =
            HeaderValues.createCached(HeaderNames.STRICT_TRANSPORT_SECURITY, "max-age=31536000");

    private final boolean tls;

    SecurityHeaders(boolean tls) {
        this.tls = tls;
    }

    void addTo(RoutingResponse response) {
        addTo(response.headers());
        if (tls) {
            response.headers().set(TLS_ONLY);
        }
    }

    /** For answers that come before any route. */
    static void addTo(ServerResponseHeaders headers) {
        ALWAYS.forEach(headers::set);
    }
}
