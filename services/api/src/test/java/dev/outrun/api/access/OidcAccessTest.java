package dev.outrun.api.access;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.JWSSigner;
import com.nimbusds.jose.crypto.ECDSASigner;
import com.nimbusds.jose.crypto.MACSigner;
import com.nimbusds.jose.crypto.RSASSASigner;
import com.nimbusds.jose.jwk.Curve;
import com.nimbusds.jose.jwk.ECKey;
import com.nimbusds.jose.jwk.JWKSet;
import com.nimbusds.jose.jwk.RSAKey;
import com.nimbusds.jose.jwk.gen.ECKeyGenerator;
import com.nimbusds.jose.jwk.gen.RSAKeyGenerator;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.PlainJWT;
import com.nimbusds.jwt.SignedJWT;
import com.sun.net.httpserver.HttpServer;
import dev.outrun.ledger.access.ApiKey;
import dev.outrun.ledger.access.KeyText;
import dev.outrun.ledger.access.Role;
import dev.outrun.ledger.access.TenantScope;
import dev.outrun.ledger.memory.InMemoryAccessLedger;
import dev.outrun.schema.error.ErrorCode;
import dev.outrun.schema.error.OutrunException;
import dev.outrun.schema.run.Tenant;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.util.Date;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Tokens of an identity provider that shows its keys on the loopback address. */
final class OidcAccessTest {

    private static final Instant NOON = Instant.parse("2026-01-02T12:00:00Z");
    private static final String ISSUER = "https://id.example.com";
    private static final String HERE = "127.0.0.1";

    private final AtomicReference<Instant> now = new AtomicReference<>(NOON);
    private final AtomicReference<String> shown = new AtomicReference<>("");
    private final InMemoryAccessLedger ledger = new InMemoryAccessLedger();
    private HttpServer issuer;
    private RSAKey rsa;
    private Access access;

    @BeforeEach
    void open() throws IOException, JOSEException {
        rsa = new RSAKeyGenerator(2048).keyID("rsa").generate();
        show(new JWKSet(rsa));
        issuer = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        issuer.createContext(
                "/keys",
                exchange -> {
                    byte[] keys = shown.get().getBytes(UTF_8);
                    exchange.sendResponseHeaders(200, keys.length);
                    exchange.getResponseBody().write(keys);
                    exchange.close();
                });
        issuer.start();
        URI keys = URI.create("http://127.0.0.1:" + issuer.getAddress().getPort() + "/keys");
        AccessConfig config =
                new AccessConfig(
                        AccessConfig.Mode.OIDC,
                        false,
                        16 * 1024,
                        CallerLimits.DEFAULT,
                        Duration.ofDays(1),
                        List.of(),
                        null,
                        OidcConfig.of(ISSUER, "outrun", keys));
        access = Access.of(config, ledger, now::get);
    }

    @AfterEach
    void close() {
        issuer.stop(0);
    }

    @Test
    void goodToken_tellsWhoCallsUntilItExpires() throws JOSEException {
        // When
        Caller caller = access.caller("Bearer " + signed(claims().build()), HERE);

        // Then
        assertEquals("oidc:alice@example.com", caller.name());
        assertEquals(Role.WRITER, caller.role());
        assertEquals(new Tenant("acme"), caller.tenant());
        assertFalse(caller.sees(Tenant.DEFAULT));
        assertTrue(caller.stillGood().getAsBoolean());
        now.set(NOON.plus(Duration.ofMinutes(7)));
        assertFalse(caller.stillGood().getAsBoolean());
    }

    @Test
    void tokenOfAnotherAlgorithmAndOfManyRoles_tellsTheOneThatIsOurs() throws JOSEException {
        // Given
        ECKey ec = new ECKeyGenerator(Curve.P_256).keyID("ec").generate();
        show(new JWKSet(List.of(rsa, ec)));
        JWTClaimsSet claims =
                claims().claim("outrun_role", List.of("editor", "reader", "admin", "writer"))
                        .claim("outrun_tenant", "*")
                        .subject("a b\u00fc\n")
                        .build();

        // When
        Caller caller =
                access.caller(
                        "Bearer " + signed(claims, JWSAlgorithm.ES256, "ec", new ECDSASigner(ec)),
                        HERE);

        // Then
        assertEquals("oidc:a_b__", caller.name());
        assertEquals(Role.ADMIN, caller.role());
        assertTrue(caller.tenants().isEvery());
    }

    @Test
    void tokensThatAreNotGood_areRefused() throws JOSEException {
        // Given
        RSAKey other = new RSAKeyGenerator(2048).keyID("rsa").generate();
        byte[] published = rsa.toRSAPublicKey().getEncoded();
        JWTClaimsSet good = claims().build();
        List<String> tokens =
                List.of(
                        signed(claims().issuer("https://evil.example").build()),
                        signed(claims().audience("somebody-else").build()),
                        signed(claims().audience((String) null).build()),
                        signed(claims().expirationTime(date(NOON.minusSeconds(61))).build()),
                        signed(claims().expirationTime(null).build()),
                        signed(claims().notBeforeTime(date(NOON.plusSeconds(61))).build()),
                        signed(claims().subject(null).build()),
                        signed(good, JWSAlgorithm.RS256, "rsa", new RSASSASigner(other)),
                        signed(good, JWSAlgorithm.HS256, "rsa", new MACSigner(published)),
                        new PlainJWT(good).serialize(),
                        signed(good) + "x",
                        "aa.bb.cc",
                        "x");
        for (String token : tokens) {
            // When
            OutrunException refusal =
                    assertThrows(
                            OutrunException.class, () -> access.caller("Bearer " + token, HERE));

            // Then
            assertEquals(ErrorCode.UNAUTHENTICATED, refusal.code(), token);
        }
    }

    @Test
    void goodToken_withoutARoleOrTenantOfOurs_isForbidden() throws JOSEException {
        for (JWTClaimsSet claims :
                List.of(
                        claims().claim("outrun_role", null).build(),
                        claims().claim("outrun_role", "anyone").build(),
                        claims().claim("outrun_role", List.of("editor", 7)).build(),
                        claims().claim("outrun_tenant", null).build(),
                        claims().claim("outrun_tenant", "No Tenant").build(),
                        claims().claim("outrun_tenant", List.of("acme")).build())) {
            // Given
            String token = signed(claims);

            // When
            OutrunException refusal =
                    assertThrows(
                            OutrunException.class, () -> access.caller("Bearer " + token, HERE));

            // Then
            assertEquals(ErrorCode.FORBIDDEN, refusal.code(), claims.toString());
        }
    }

    @Test
    void keyOfOurs_isAsGoodAsAToken() {
        // Given
        KeyText text = KeyText.mint(new SecureRandom());
        ledger.addKey(ApiKey.made(text, TenantScope.EVERY, Role.WORKER, "a worker's", NOON, null));

        // When
        Caller caller = access.caller("Bearer " + text.text(), HERE);

        // Then
        assertEquals("key:" + text.id(), caller.name());
    }

    @Test
    void issuerThatDoesNotShowItsKeys_isNotTheCallersFault() throws JOSEException {
        // Given
        shown.set("not JSON");
        String token = signed(claims().build());

        // When
        OutrunException refusal =
                assertThrows(OutrunException.class, () -> access.caller("Bearer " + token, HERE));

        // Then
        assertEquals(ErrorCode.UNAVAILABLE, refusal.code());
    }

    @Test
    void keysThatAreRenewed_areReadAnew() throws JOSEException {
        // Given
        access.caller("Bearer " + signed(claims().build()), HERE);
        RSAKey next = new RSAKeyGenerator(2048).keyID("next").generate();
        show(new JWKSet(next));

        // When
        Caller caller =
                access.caller(
                        "Bearer "
                                + signed(
                                        claims().build(),
                                        JWSAlgorithm.PS256,
                                        "next",
                                        new RSASSASigner(next)),
                        HERE);

        // Then
        assertEquals("oidc:alice@example.com", caller.name());
    }

    private void show(JWKSet keys) {
        shown.set(keys.toPublicJWKSet().toString());
    }

    private static JWTClaimsSet.Builder claims() {
        return new JWTClaimsSet.Builder()
                .issuer(ISSUER)
                .audience(List.of("another", "outrun"))
                .subject("alice@example.com")
                .expirationTime(date(NOON.plus(Duration.ofMinutes(5))))
                .claim("outrun_tenant", "acme")
                .claim("outrun_role", "writer");
    }

    private String signed(JWTClaimsSet claims) throws JOSEException {
        return signed(claims, JWSAlgorithm.RS256, "rsa", new RSASSASigner(rsa));
    }

    private static String signed(
            JWTClaimsSet claims, JWSAlgorithm algorithm, String key, JWSSigner signer)
            throws JOSEException {
        SignedJWT token =
                new SignedJWT(new JWSHeader.Builder(algorithm).keyID(key).build(), claims);
        token.sign(signer);
        return token.serialize();
    }

    private static Date date(Instant instant) {
        return Date.from(instant);
    }
}
