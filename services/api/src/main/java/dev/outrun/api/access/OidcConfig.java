package dev.outrun.api.access;

import java.net.URI;
import java.time.Duration;

/**
 * Whose tokens count, and what in them says who somebody is.
 *
 * @param issuer what {@code iss} must be
 * @param audience what {@code aud} must be, or have among others
 * @param keys where the issuer's public keys are, as a JWK set
 * @param clockSkew how far the issuer's clock may be from ours
 * @param tenantClaim the claim with the tenant's name, or {@code *}
 * @param roleClaim the claim with a role's name, or with a list that has some
 */
public record OidcConfig(
        String issuer,
        String audience,
        URI keys,
        Duration clockSkew,
        String tenantClaim,
        String roleClaim) {

    public static final Duration CLOCK_SKEW = Duration.ofSeconds(60);
    public static final String TENANT_CLAIM = "outrun_tenant";
    public static final String ROLE_CLAIM = "outrun_role";

    private static final Duration CLOCK_SKEW_MAX = Duration.ofMinutes(10);

    public OidcConfig {
        check("issuer", issuer);
        check("audience", audience);
        check("tenant_claim", tenantClaim);
        check("role_claim", roleClaim);
        if (!"https".equals(keys.getScheme()) && !"http".equals(keys.getScheme())) {
            throw new IllegalArgumentException(
                    "access.oidc.keys is " + keys + ", which is no http or https URL");
        }
        if (clockSkew.isNegative() || clockSkew.compareTo(CLOCK_SKEW_MAX) > 0) {
            throw new IllegalArgumentException(
                    "access.oidc.clock_skew is " + clockSkew + ", not PT0S to " + CLOCK_SKEW_MAX);
        }
    }

    /** The claims {@code outrun_tenant} and {@code outrun_role}, and a minute's skew. */
    public static OidcConfig of(String issuer, String audience, URI keys) {
        return new OidcConfig(issuer, audience, keys, CLOCK_SKEW, TENANT_CLAIM, ROLE_CLAIM);
    }

    private static void check(String name, String value) {
        if (value.isBlank()) {
            throw new IllegalArgumentException("access.oidc." + name + " is empty");
        }
    }
}
