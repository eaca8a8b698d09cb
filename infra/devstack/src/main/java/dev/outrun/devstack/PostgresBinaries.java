package dev.outrun.devstack;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.JarURLConnection;
import java.net.URL;
import java.net.URLConnection;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;

/**
 * The programs of one Postgres version: a directory with {@code bin/initdb}, {@code bin/pg_ctl} and
 * {@code bin/postgres}, as it is or yet to be unpacked.
 */
public sealed interface PostgresBinaries {

    /** The version on the class path. */
    static PostgresBinaries bundled() {
        return new Bundled();
    }

    /** A jar of {@code io.zonky.test.postgres}, for a version other than the bundled one. */
    static PostgresBinaries jar(Path jar) {
        return new Jar(jar);
    }

    /** An installation, such as {@code /usr/lib/postgresql/17}. */
    static PostgresBinaries directory(Path directory) {
        return new Directory(directory);
    }

    /** The directory that has {@code bin/}; unpacked into the user's cache the first time. */
    Path installed();

    /** From the class path. */
    record Bundled() implements PostgresBinaries {

        @Override
        public Path installed() {
            String name = archiveName();
            URL url = PostgresBinaries.class.getResource("/" + name);
            if (url == null) {
                throw new IllegalStateException(
                        "no Postgres for this platform on the class path: "
                                + name
                                + "; add the artifact of io.zonky.test.postgres that has it");
            }
            try {
                URLConnection connection = url.openConnection();
                connection.setUseCaches(false);
                try (InputStream archive = connection.getInputStream()) {
                    String identity =
                            connection instanceof JarURLConnection jar
                                    ? identity(jar.getJarEntry())
                                    : Long.toHexString(connection.getLastModified());
                    return unpacked(identity, archive);
                }
            } catch (IOException e) {
                throw new UncheckedIOException("cannot unpack " + url, e);
            }
        }
    }

    /** From a jar that is not on the class path. */
    record Jar(Path jar) implements PostgresBinaries {

        @Override
        public Path installed() {
            String name = archiveName();
            try (ZipFile zip = new ZipFile(jar.toFile())) {
                ZipEntry entry = zip.getEntry(name);
                if (entry == null) {
                    throw new IllegalStateException(jar + " has no " + name);
                }
                try (InputStream archive = zip.getInputStream(entry)) {
                    return unpacked(identity(entry), archive);
                }
            } catch (IOException e) {
                throw new UncheckedIOException("cannot unpack " + jar, e);
            }
        }
    }

    /** As it is. */
    record Directory(Path installed) implements PostgresBinaries {}

    private static String identity(ZipEntry entry) {
        return Long.toHexString(entry.getCrc()) + "-" + Long.toHexString(entry.getSize());
    }

    private static String archiveName() {
        String system = System.getProperty("os.name").toLowerCase(Locale.ROOT);
        String machine = System.getProperty("os.arch").toLowerCase(Locale.ROOT);
        String architecture =
                switch (machine) {
                    case "amd64", "x86_64" -> "x86_64";
                    case "aarch64", "arm64" -> "arm_64";
                    default -> machine;
                };
        if (system.startsWith("mac")) {
            return "postgres-darwin-" + architecture + ".txz";
        }
        boolean musl = Files.exists(Path.of("/etc/alpine-release"));
        return "postgres-linux-" + architecture + (musl ? "-alpine_linux" : "") + ".txz";
    }

    /**
     * The unpacked archive, in the cache. Unpacked beside its place and then moved there as a
     * whole, so that an interrupted or a concurrent unpacking is never seen.
     */
    private static Path unpacked(String identity, InputStream archive) throws IOException {
        Path cache = cache();
        Path place = cache.resolve("postgres-" + identity);
        if (Files.isDirectory(place)) {
            return place;
        }
        Files.createDirectories(cache);
        Path beside = Files.createTempDirectory(cache, "unpacking-");
        TarXz.unpack(new BufferedInputStream(archive), beside);
        try {
            Files.move(beside, place);
        } catch (FileSystemException e) {
            Directories.delete(beside);
            if (!Files.isDirectory(place)) { // else somebody was faster
                throw e;
            }
        }
        return place;
    }

    private static Path cache() {
        return Optional.ofNullable(System.getenv("XDG_CACHE_HOME"))
                .filter(value -> !value.isBlank())
                .map(Path::of)
                .orElseGet(() -> Path.of(System.getProperty("user.home"), ".cache"))
                .resolve("outrun")
                .toAbsolutePath();
    }
}
