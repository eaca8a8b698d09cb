package dev.outrun.api.access;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JOSEObjectType;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.KeySourceException;
import com.nimbusds.jose.jwk.source.JWKSourceBuilder;
import com.nimbusds.jose.proc.BadJOSEException;
import com.nimbusds.jose.proc.DefaultJOSEObjectTypeVerifier;
import com.nimbusds.jose.proc.JWSVerificationKeySelector;
import com.nimbusds.jose.proc.SecurityContext;
import com.nimbusds.jose.util.DefaultResourceRetriever;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.proc.DefaultJWTClaimsVerifier;
import com.nimbusds.jwt.proc.DefaultJWTProcessor;
import dev.outrun.ledger.access.KeyText;
import dev.outrun.ledger.access.Role;
import dev.outrun.ledger.access.TenantScope;
import dev.outrun.schema.error.ErrorCode;
import dev.outrun.schema.error.OutrunException;
import java.net.MalformedURLException;
import java.text.ParseException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Date;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Callers by an identity provider's token, a JWT that its published keys have signed; and by key,
 * for programs that have no identity there.
 */
final class OidcAccess implements Access {

    /** Signatures by a private key that only the issuer has; none by a secret that is shared. */
    private static final Set<JWSAlgorithm> ALGORITHMS =
            Set.of(
                    JWSAlgorithm.RS256,
                    JWSAlgorithm.RS384,
                    JWSAlgorithm.RS512,
                    JWSAlgorithm.PS256,
                    JWSAlgorithm.PS384,
                    JWSAlgorithm.PS512,
                    JWSAlgorithm.ES256,
                    JWSAlgorithm.ES384,
                    JWSAlgorithm.ES512);

    private static final Duration CONNECT_MAX = Duration.ofSeconds(2);
    private static final Duration READ_MAX = Duration.ofSeconds(2);
    private static final int KEYS_BYTES_MAX = 256 * 1024;

    /** How long keys are taken for the issuer's; a token with an unknown one has them read anew. */
    private static final Duration KEYS_KEPT = Duration.ofMinutes(15);

    /** How long one caller waits for another that reads the keys. */
    private static final Duration KEYS_WAIT_MAX = Duration.ofSeconds(5);

    /** Between two times that unknown keys have the issuer's read. */
    private static final Duration KEYS_READ_EVERY = Duration.ofSeconds(10);

    /** A name that is longer is cut, for the audit log. */
    private static final int SUBJECT_CHARACTERS_MAX = 200;

    private final OidcConfig config;
    private final KeyAccess keys;
    private final InstantSource clock;
    private final DefaultJWTProcessor<SecurityContext> tokens;

    OidcAccess(OidcConfig config, KeyAccess keys, InstantSource clock) {
        this.config = config;
        this.keys = keys;
        this.clock = clock;
        this.tokens = processor(config, clock);
    }

    @Override
    public Caller caller(@Nullable String authorization, String address) {
        String shown = KeyAccess.bearer(authorization);
        if (shown.startsWith(KeyText.PREFIX)) {
            return keys.caller(authorization, address);
        }
        JWTClaimsSet claims = claims(shown);
        Instant end = claims.getExpirationTime().toInstant().plus(config.clockSkew());
        return Caller.known(
                "oidc:" + name(claims.getSubject()),
                role(claims),
                tenants(claims),
                () -> clock.instant().isBefore(end));
    }

    private JWTClaimsSet claims(String token) {
        try {
            return tokens.process(token, null);
        } catch (KeySourceException e) {
            throw new OutrunException(
                    ErrorCode.UNAVAILABLE, "the token's issuer does not show its keys", e);
        } catch (ParseException | BadJOSEException | JOSEException e) {
            throw KeyAccess.refusal();
        }
    }

    private Role role(JWTClaimsSet claims) {
        Role found = Role.ANYONE;
        for (Object each : listed(claims.getClaim(config.roleClaim()))) {
            try {
                Role role = Role.of(String.valueOf(each));
                found = found.includes(role) ? found : role;
            } catch (IllegalArgumentException e) {
                // A provider's roles are also of other applications'.
            }
        }
        if (found == Role.ANYONE) {
            throw new OutrunException(
                    ErrorCode.FORBIDDEN,
                    "the token's claim " + config.roleClaim() + " names no role of ours");
        }
        return found;
    }

    private TenantScope tenants(JWTClaimsSet claims) {
        if (claims.getClaim(config.tenantClaim()) instanceof String text) {
            try {
                return TenantScope.of(text);
            } catch (OutrunException e) {
                // Falls through to the same answer.
            }
        }
        throw new OutrunException(
                ErrorCode.FORBIDDEN,
                "the token's claim " + config.tenantClaim() + " names no tenant");
    }

    private static List<?> listed(@Nullable Object claim) {
        if (claim == null) {
            return List.of();
        }
        return claim instanceof List<?> many ? many : List.of(claim);
    }

    /** The subject, as one word of a log's line. */
    private static String name(String subject) {
        String word = subject.replaceAll("[^\\x21-\\x7e]", "_");
        return word.substring(0, Math.min(word.length(), SUBJECT_CHARACTERS_MAX));
    }

    private static DefaultJWTProcessor<SecurityContext> processor(
            OidcConfig config, InstantSource clock) {
        DefaultJWTProcessor<SecurityContext> processor = new DefaultJWTProcessor<>();
        processor.setJWSTypeVerifier(
                new DefaultJOSEObjectTypeVerifier<>(
                        JOSEObjectType.JWT, new JOSEObjectType("at+jwt"), null));
        try {
            processor.setJWSKeySelector(
                    new JWSVerificationKeySelector<>(
                            ALGORITHMS,
                            JWKSourceBuilder.<SecurityContext>create(
                                            config.keys().toURL(),
                                            new DefaultResourceRetriever(
                                                    (int) CONNECT_MAX.toMillis(),
                                                    (int) READ_MAX.toMillis(),
                                                    KEYS_BYTES_MAX))
                                    .cache(KEYS_KEPT.toMillis(), KEYS_WAIT_MAX.toMillis())
                                    .refreshAheadCache(false)
                                    .rateLimited(KEYS_READ_EVERY.toMillis())
                                    .build()));
        } catch (MalformedURLException e) {
            throw new IllegalArgumentException("access.oidc.keys is " + config.keys(), e);
        }
        Claims claims = new Claims(config, clock);
        claims.setMaxClockSkew((int) config.clockSkew().toSeconds());
        processor.setJWTClaimsSetVerifier(claims);
        return processor;
    }

    /** What a token must say, by a clock that is given. */
    private static final class Claims extends DefaultJWTClaimsVerifier<SecurityContext> {

        private final InstantSource clock;

        Claims(OidcConfig config, InstantSource clock) {
            super(
                    config.audience(),
                    new JWTClaimsSet.Builder().issuer(config.issuer()).build(),
                    Set.of("sub", "exp"));
            this.clock = clock;
        }

        @Override
        protected Date currentTime() {
            return Date.from(clock.instant());
        }
    }
}
