package dev.outrun.ledger.access;

import java.util.Base64;
import java.util.Optional;
import java.util.random.RandomGenerator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A key as its owner has it, {@code outrun_<id>_<secret>}: shown once, when it is made.
 *
 * @param id 12 of a-z and 2-7, which is no secret: by it the key is found, listed and revoked
 * @param secret 43 characters, 256 random bits
 */
public record KeyText(String id, String secret) {

    /** What every key begins with, so that scanners find those that were published by mistake. */
    public static final String PREFIX = "outrun_";

    private static final Pattern FORM =
            Pattern.compile(PREFIX + "([a-z2-7]{12})_([A-Za-z0-9_-]{43})");
    private static final String ID_ALPHABET = "abcdefghijklmnopqrstuvwxyz234567";
    private static final int ID_CHARACTERS = 12;
    private static final int SECRET_BYTES = 32;

    /** Makes one. The generator must be one whose numbers nobody can foretell. */
    public static KeyText mint(RandomGenerator secure) {
        StringBuilder id = new StringBuilder(ID_CHARACTERS);
        for (int i = 0; i < ID_CHARACTERS; i++) {
            id.append(ID_ALPHABET.charAt(secure.nextInt(ID_ALPHABET.length())));
        }
        byte[] secret = new byte[SECRET_BYTES];
        secure.nextBytes(secret);
        return new KeyText(
                id.toString(), Base64.getUrlEncoder().withoutPadding().encodeToString(secret));
    }

    /** Reads one; empty where it is none. */
    public static Optional<KeyText> parse(String text) {
        Matcher matcher = FORM.matcher(text);
        return matcher.matches()
                ? Optional.of(new KeyText(matcher.group(1), matcher.group(2)))
                : Optional.empty();
    }

    /** All of it, to be shown to its owner and to nobody else. */
    public String text() {
        return PREFIX + id + "_" + secret;
    }

    /** Without the secret. */
    @Override
    public String toString() {
        return PREFIX + id;
    }
}
