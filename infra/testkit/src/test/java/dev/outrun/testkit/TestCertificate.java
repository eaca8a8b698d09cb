package dev.outrun.testkit;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.GeneralSecurityException;
import java.security.Key;
import java.security.KeyStore;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;

/**
 * A certificate of 127.0.0.1 that was made just now and that nobody but the test trusts.
 *
 * @param keyStore with its key, as Java reads it
 * @param certificate as everybody reads it; also what to trust
 * @param key as Postgres reads it
 */
record TestCertificate(Path keyStore, Path certificate, Path key) {

    static final String PASSWORD = "only-a-test";

    private static final String ALIAS = "server";

    static TestCertificate make(Path folder)
            throws IOException, InterruptedException, GeneralSecurityException {
        TestCertificate made =
                new TestCertificate(
                        folder.resolve("server.p12"),
                        folder.resolve("server.crt"),
                        folder.resolve("server.key"));
        made.keytool(
                "-genkeypair",
                "-keyalg",
                "EC",
                "-groupname",
                "secp256r1",
                "-dname",
                "CN=127.0.0.1",
                "-ext",
                "san=ip:127.0.0.1",
                "-validity",
                "2",
                "-keypass",
                PASSWORD);
        made.keytool("-exportcert", "-rfc", "-file", made.certificate.toString());
        made.writeKey();
        return made;
    }

    private void keytool(String... arguments) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "keytool").toString());
        command.addAll(Arrays.asList(arguments));
        command.addAll(List.of("-alias", ALIAS, "-storetype", "PKCS12", "-storepass", PASSWORD));
        command.addAll(List.of("-keystore", keyStore.toString()));
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String said = new String(process.getInputStream().readAllBytes(), US_ASCII);
        if (process.waitFor() != 0) {
            throw new IllegalStateException("keytool: " + said);
        }
    }

    /** For nobody else to read, or Postgres would not take it. */
    private void writeKey() throws IOException, GeneralSecurityException {
        File store = keyStore.toFile();
        Key found =
                KeyStore.getInstance(store, PASSWORD.toCharArray())
                        .getKey(ALIAS, PASSWORD.toCharArray());
        Base64.Encoder lines = Base64.getMimeEncoder(64, new byte[] {'\n'});
        String text = lines.encodeToString(found.getEncoded());
        Files.createFile(
                key,
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
        Files.writeString(
                key, "-----BEGIN PRIVATE KEY-----\n" + text + "\n-----END PRIVATE KEY-----\n");
    }
}
