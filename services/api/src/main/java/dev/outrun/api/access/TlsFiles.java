package dev.outrun.api.access;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Base64;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * What the API shows for itself over TLS, in PEM files that are read once, at the start.
 *
 * @param certificates the server's own first, then those that vouch for it
 * @param key the first one's private key, PKCS #8 without a password: {@code BEGIN PRIVATE KEY}
 */
public record TlsFiles(Path certificates, Path key) {

    private static final Pattern PRIVATE_KEY =
            Pattern.compile(
                    "-----BEGIN PRIVATE KEY-----([A-Za-z0-9+/=\\s]+)-----END PRIVATE KEY-----");

    /** What a certificate's key may be of. */
    private static final List<String> ALGORITHMS = List.of("EC", "RSA", "EdDSA");

    /**
     * Reads the certificates.
     *
     * @throws IllegalArgumentException if the file has none
     */
    public List<X509Certificate> readCertificates() {
        try {
            List<X509Certificate> chain =
                    CertificateFactory.getInstance("X.509")
                            .generateCertificates(
                                    new ByteArrayInputStream(
                                            read("certificates", certificates)
                                                    .getBytes(StandardCharsets.US_ASCII)))
                            .stream()
                            .map(X509Certificate.class::cast)
                            .toList();
            if (chain.isEmpty()) {
                throw refusal("certificates", certificates, "no certificate", null);
            }
            return chain;
        } catch (CertificateException e) {
            throw refusal("certificates", certificates, "no certificate", e);
        }
    }

    /**
     * Reads the private key.
     *
     * @throws IllegalArgumentException if the file has none; the message has nothing of it
     */
    public PrivateKey readKey() {
        Matcher pem = PRIVATE_KEY.matcher(read("key", key));
        if (!pem.find()) {
            throw refusal("key", key, "no unencrypted PKCS #8 private key", null);
        }
        byte[] bytes = Base64.getMimeDecoder().decode(pem.group(1));
        for (String algorithm : ALGORITHMS) {
            try {
                return KeyFactory.getInstance(algorithm)
                        .generatePrivate(new PKCS8EncodedKeySpec(bytes));
            } catch (GeneralSecurityException e) {
                // It is of another algorithm, or of none.
            }
        }
        throw refusal("key", key, "no key of " + ALGORITHMS, null);
    }

    private static String read(String name, Path file) {
        try {
            return Files.readString(file, StandardCharsets.ISO_8859_1);
        } catch (IOException e) {
            throw refusal(name, file, "nothing that can be read", e);
        }
    }

    private static IllegalArgumentException refusal(
            String name, Path file, String lack, @Nullable Exception cause) {
        return new IllegalArgumentException(
                "access.tls." + name + " is " + file + ", which has " + lack, cause);
    }
}
