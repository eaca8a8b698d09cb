package dev.outrun.worker.sample;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;

/** The opening of Lewis Carroll's "Alice's Adventures in Wonderland" (1865, public domain). */
final class DemoText {

    /** A word, with the space before it. */
    private static final Pattern TOKEN = Pattern.compile("\\s*\\S+");

    private DemoText() {}

    /** Its tokens: joined, they are the text. */
    static List<String> tokens() {
        return TOKEN.matcher(text()).results().map(MatchResult::group).toList();
    }

    static String text() {
        try (InputStream file = DemoText.class.getResourceAsStream("alice.txt")) {
            if (file == null) {
                throw new IllegalStateException("alice.txt is not on the class path");
            }
            return new String(file.readAllBytes(), StandardCharsets.UTF_8).strip();
        } catch (IOException e) {
            throw new UncheckedIOException("alice.txt is unreadable", e);
        }
    }
}
