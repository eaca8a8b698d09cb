package dev.outrun.ledger.access;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;

/** SHA-256 of a key's secret: what is kept of it. */
public final class KeyHash {

    private final byte[] digest;

    private KeyHash(byte[] digest) {
        this.digest = digest;
    }

    /** The hash of a secret's text. */
    public static KeyHash ofSecret(String secret) {
        try {
            MessageDigest sha256 = MessageDigest.getInstance("SHA-256");
            return new KeyHash(sha256.digest(secret.getBytes(StandardCharsets.UTF_8)));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }

    /** The hash that {@link #bytes} gave. */
    public static KeyHash ofBytes(byte[] bytes) {
        return new KeyHash(bytes.clone());
    }

    /** Its 32 bytes. */
    public byte[] bytes() {
        return digest.clone();
    }

    /** Whether it is this secret's; takes as long whichever byte differs. */
    public boolean isOf(String secret) {
        return MessageDigest.isEqual(digest, ofSecret(secret).digest);
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof KeyHash hash && MessageDigest.isEqual(digest, hash.digest);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(digest);
    }

    /** Nothing of it: not even a hash belongs into a log. */
    @Override
    public String toString() {
        return "KeyHash";
    }
}
