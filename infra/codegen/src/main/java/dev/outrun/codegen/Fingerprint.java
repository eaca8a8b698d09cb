package dev.outrun.codegen;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Stream;
import org.jooq.Constants;
import org.jooq.meta.jaxb.Configuration;

/** Everything that the generated classes depend on, as one hash. */
final class Fingerprint {

    private Fingerprint() {}

    static String of(Path migrations, Configuration settings) throws IOException {
        MessageDigest digest = sha256();
        digest.update(utf8(Constants.FULL_VERSION));
        digest.update(utf8(settings.toString()));
        for (Path migration : sorted(migrations)) {
            digest.update(utf8(migration.getFileName().toString()));
            digest.update(Files.readAllBytes(migration));
        }
        return HexFormat.of().formatHex(digest.digest());
    }

    private static List<Path> sorted(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.sorted().toList();
        }
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }

    private static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
