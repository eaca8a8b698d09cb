package dev.outrun.api.access;

import java.net.URI;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Who may call the API, and how much.
 *
 * @param mode what callers show
 * @param insecure listens also where others reach it without asking who they are
 * @param headerBytesMax the largest headers of a request
 * @param limits of each caller; not held to where nobody is asked who they are
 * @param auditRetention after so long an entry of the audit log is deleted
 * @param origins whose pages may call from a browser, such as {@code https://app.example.com}; none
 *     is none but our own
 * @param tls null is plain HTTP
 * @param oidc whose tokens count; null unless the mode is {@link Mode#OIDC}
 */
public record AccessConfig(
        Mode mode,
        boolean insecure,
        int headerBytesMax,
        CallerLimits limits,
        Duration auditRetention,
        List<String> origins,
        @Nullable TlsFiles tls,
        @Nullable OidcConfig oidc) {

    /** What callers show. */
    public enum Mode {
        /** Nothing: everybody may do everything. */
        NONE,
        /** A key of ours. */
        KEYS,
        /** A token of an identity provider's, or a key of ours. */
        OIDC
    }

    private static final int HEADER_BYTES_MIN = 1024;
    private static final int HEADER_BYTES_MAX = 64 * 1024;
    private static final Duration RETENTION_MIN = Duration.ofHours(1);
    private static final Duration RETENTION_MAX = Duration.ofDays(3_660);
    private static final int ORIGINS_MAX = 100;

    /** Nobody is asked: for the loopback address. */
    public static final AccessConfig NONE = of(Mode.NONE);

    /** Keys, and the defaults. */
    public static final AccessConfig KEYS = of(Mode.KEYS);

    public AccessConfig {
        origins = List.copyOf(origins);
        if (headerBytesMax < HEADER_BYTES_MIN || headerBytesMax > HEADER_BYTES_MAX) {
            throw new IllegalArgumentException(
                    "access.header_bytes_max is %d, not %d to %d"
                            .formatted(headerBytesMax, HEADER_BYTES_MIN, HEADER_BYTES_MAX));
        }
        if (auditRetention.compareTo(RETENTION_MIN) < 0
                || auditRetention.compareTo(RETENTION_MAX) > 0) {
            throw new IllegalArgumentException(
                    "access.audit_retention is %s, not %s to %s"
                            .formatted(auditRetention, RETENTION_MIN, RETENTION_MAX));
        }
        if (origins.size() > ORIGINS_MAX) {
            throw new IllegalArgumentException("access.origins are more than " + ORIGINS_MAX);
        }
        origins.forEach(AccessConfig::checkOrigin);
        if ((mode == Mode.OIDC) != (oidc != null)) {
            throw new IllegalArgumentException(
                    "access.oidc is needed where access.mode is oidc, and nowhere else");
        }
    }

    private static AccessConfig of(Mode mode) {
        return new AccessConfig(
                mode,
                false,
                16 * 1024,
                CallerLimits.DEFAULT,
                Duration.ofDays(90),
                List.of(),
                null,
                null);
    }

    /** Whether callers are asked who they are. */
    public boolean asks() {
        return mode != Mode.NONE;
    }

    private static void checkOrigin(String origin) {
        boolean good;
        try {
            URI uri = URI.create(origin);
            good =
                    ("http".equals(uri.getScheme()) || "https".equals(uri.getScheme()))
                            && uri.getHost() != null
                            && origin.equals(uri.getScheme() + "://" + uri.getAuthority());
        } catch (IllegalArgumentException e) {
            good = false;
        }
        if (!good) {
            throw new IllegalArgumentException(
                    "access.origins has '"
                            + origin
                            + "', which is no origin such as https://app.example.com");
        }
    }
}
