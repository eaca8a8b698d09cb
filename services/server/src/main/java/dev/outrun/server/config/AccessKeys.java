package dev.outrun.server.config;

import dev.outrun.api.access.AccessConfig;
import dev.outrun.api.access.AccessConfig.Mode;
import dev.outrun.api.access.CallerLimits;
import dev.outrun.api.access.OidcConfig;
import dev.outrun.api.access.TlsFiles;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** The settings that say who may call, and how much; in the order of the reference. */
final class AccessKeys {

    private static final AccessConfig DEFAULT = AccessConfig.NONE;
    private static final CallerLimits LIMITS = CallerLimits.DEFAULT;
    private static final int LIMIT_MAX = 1_000_000;

    private static final Key<Mode> MODE =
            Key.of(
                    "access.mode",
                    Kind.oneOf(Mode.class),
                    DEFAULT.mode(),
                    "What callers show: nothing, a key of ours, or a token of an identity"
                            + " provider's (or a key).");
    private static final Key<Boolean> INSECURE =
            Key.of(
                    "access.insecure",
                    Kind.truth(),
                    DEFAULT.insecure(),
                    "Listens where others reach it, asking nobody: for a machine that something"
                            + " else keeps strangers from.");
    static final Key<Path> CERTIFICATES =
            Key.without(
                    "access.tls.certificates",
                    Kind.path(),
                    "none: HTTP is plain",
                    "A PEM file with the server's own certificate first, then those that vouch for"
                            + " it.");
    static final Key<Path> KEY =
            Key.without(
                    "access.tls.key",
                    Kind.path(),
                    "none",
                    "A PEM file with its private key, as PKCS #8 without a password.");
    private static final Key<List<String>> ORIGINS =
            Key.of(
                    "access.origins",
                    Kind.texts("origins such as https://app.example.com"),
                    DEFAULT.origins(),
                    "Whose pages may call from a browser, besides our own.");
    private static final Key<Integer> HEADER_BYTES_MAX =
            Key.of(
                    "access.header_bytes_max",
                    Kind.whole(1_024, 65_536),
                    DEFAULT.headerBytesMax(),
                    "The largest headers of a request.");
    private static final Key<Integer> CALLS_PER_SECOND =
            limit("calls_per_second", LIMITS.callsPerSecond(), "Calls of one caller in a second.");
    private static final Key<Integer> CALLS_BURST =
            limit("calls_burst", LIMITS.callsBurst(), "Its calls at once, after a silence.");
    private static final Key<Integer> CALLS_MAX =
            limit("calls_max", LIMITS.callsMax(), "Its calls under way at once.");
    private static final Key<Integer> STREAMS_MAX =
            limit(
                    "streams_max",
                    LIMITS.streamsMax(),
                    "Its event streams, long polls and waits for a task at once.");
    private static final Key<Duration> AUDIT_RETENTION =
            Key.of(
                    "access.audit_retention",
                    Kind.time(Duration.ofHours(1), Duration.ofDays(3_660)),
                    DEFAULT.auditRetention(),
                    "How long the audit log is kept.");
    private static final Key<String> ISSUER =
            oidc("issuer", Kind.text(), Optional.empty(), "What `iss` of a token must be.");
    private static final Key<String> AUDIENCE =
            oidc(
                    "audience",
                    Kind.text(),
                    Optional.empty(),
                    "What its `aud` must be, or have among others.");
    private static final Key<URI> KEYS =
            oidc(
                    "keys",
                    Kind.parsed("a URL", URI::create, URI::toString),
                    Optional.empty(),
                    "Where the provider's JWK set is.");
    private static final Key<Duration> CLOCK_SKEW =
            oidc(
                    "clock_skew",
                    Kind.time(Duration.ZERO, Duration.ofMinutes(10)),
                    Optional.of(OidcConfig.CLOCK_SKEW),
                    "How far the provider's clock may be from ours.");
    private static final Key<String> TENANT_CLAIM =
            oidc(
                    "tenant_claim",
                    Kind.text(),
                    Optional.of(OidcConfig.TENANT_CLAIM),
                    "The claim with the tenant's name, or `*`.");
    private static final Key<String> ROLE_CLAIM =
            oidc(
                    "role_claim",
                    Kind.text(),
                    Optional.of(OidcConfig.ROLE_CLAIM),
                    "The claim with a role's name, or a list that has some.");

    private static final List<Key<?>> OIDC =
            List.of(ISSUER, AUDIENCE, KEYS, CLOCK_SKEW, TENANT_CLAIM, ROLE_CLAIM);

    static final List<Key<?>> ALL =
            Stream.concat(
                            Stream.of(
                                    MODE,
                                    INSECURE,
                                    CERTIFICATES,
                                    KEY,
                                    ORIGINS,
                                    HEADER_BYTES_MAX,
                                    CALLS_PER_SECOND,
                                    CALLS_BURST,
                                    CALLS_MAX,
                                    STREAMS_MAX,
                                    AUDIT_RETENTION),
                            OIDC.stream())
                    .toList();

    private AccessKeys() {}

    private static Key<Integer> limit(String name, int standard, String says) {
        return Key.of("access.limits." + name, Kind.whole(1, LIMIT_MAX), standard, says);
    }

    private static <T> Key<T> oidc(String name, Kind<T> kind, Optional<T> standard, String says) {
        return new Key<>("access.oidc." + name, kind, standard, "with `mode: oidc`", says);
    }

    /** What they say, as a whole. */
    static AccessConfig read(Settings settings) {
        try {
            return new AccessConfig(
                    settings.get(MODE),
                    settings.get(INSECURE),
                    settings.get(HEADER_BYTES_MAX),
                    new CallerLimits(
                            settings.get(CALLS_PER_SECOND),
                            settings.get(CALLS_BURST),
                            settings.get(CALLS_MAX),
                            settings.get(STREAMS_MAX)),
                    settings.get(AUDIT_RETENTION),
                    settings.get(ORIGINS),
                    tls(settings),
                    provider(settings));
        } catch (IllegalArgumentException e) {
            throw new SettingException(String.valueOf(e.getMessage()), e);
        }
    }

    /** Read here as well: a file that has not what it should stops the start before it is one. */
    private static @Nullable TlsFiles tls(Settings settings) {
        if (!settings.isSaid(CERTIFICATES) && !settings.isSaid(KEY)) {
            return null;
        }
        TlsFiles files = new TlsFiles(settings.get(CERTIFICATES), settings.get(KEY));
        files.readCertificates();
        files.readKey();
        return files;
    }

    private static @Nullable OidcConfig provider(Settings settings) {
        if (settings.get(MODE) != Mode.OIDC && OIDC.stream().noneMatch(settings::isSaid)) {
            return null;
        }
        return new OidcConfig(
                settings.get(ISSUER),
                settings.get(AUDIENCE),
                settings.get(KEYS),
                settings.get(CLOCK_SKEW),
                settings.get(TENANT_CLAIM),
                settings.get(ROLE_CLAIM));
    }
}
