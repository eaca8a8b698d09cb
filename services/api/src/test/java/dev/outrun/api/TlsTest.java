package dev.outrun.api;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outrun.api.access.CallerLimits;
import dev.outrun.api.access.TlsFiles;
import dev.outrun.ledger.access.Role;
import dev.outrun.schema.run.RunId;
import dev.outrun.teststack.TestStack;
import dev.outrun.teststack.TestStackExtension;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.util.Base64;
import java.util.List;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLHandshakeException;
import javax.net.ssl.TrustManagerFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The API over TLS, with a certificate that keytool has made. */
@ExtendWith(TestStackExtension.class)
final class TlsTest {

    private static final char[] PASSWORD = "changeit".toCharArray();

    @TempDir Path folder;

    @ParameterizedTest
    @ValueSource(strings = {"EC", "RSA"})
    void server_withACertificate_isReachedByWhoTrustsIt(String algorithm, TestStack stack)
            throws Exception {
        // Given
        KeyStore store = certificate(algorithm);
        TlsFiles files = files(store);
        try (ApiStage stage =
                        new ApiStage(
                                stack, AccessTest.keys(CallerLimits.DEFAULT, List.of(), files));
                HttpClient trusting = HttpClient.newBuilder().sslContext(trusting(store)).build();
                HttpClient strange = HttpClient.newHttpClient()) {
            RunId run = stage.start();
            stage.finish(run);
            String key = stage.key("*", Role.READER);
            HttpRequest stream =
                    HttpRequest.newBuilder(uri(stage, "/v1/runs/" + run + "/events"))
                            .header("Authorization", "Bearer " + key)
                            .header("Accept", "text/event-stream")
                            .build();

            // When
            HttpResponse<String> answer =
                    trusting.send(stream, HttpResponse.BodyHandlers.ofString());

            // Then
            assertEquals(200, answer.statusCode());
            assertTrue(answer.body().contains("event: run.completed"), answer.body());
            assertTrue(answer.headers().firstValue("Strict-Transport-Security").isPresent());
            assertThrows(
                    SSLHandshakeException.class,
                    () ->
                            strange.send(
                                    HttpRequest.newBuilder(uri(stage, "/healthz")).build(),
                                    HttpResponse.BodyHandlers.ofString()));
            assertThrows(IOException.class, () -> stage.get("/healthz"));
        }
    }

    @Test
    void files_thatHaveNotWhatTheyShould_areRefusedByName() throws Exception {
        // Given
        TlsFiles good = files(certificate("EC"));
        Path empty = Files.writeString(folder.resolve("empty.pem"), "");
        Path wrong =
                Files.writeString(
                        folder.resolve("wrong.pem"),
                        "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n");

        // When
        List<IllegalArgumentException> refusals =
                List.of(
                        refusal(() -> new TlsFiles(empty, good.key()).readCertificates()),
                        refusal(() -> new TlsFiles(good.key(), good.key()).readCertificates()),
                        refusal(() -> new TlsFiles(good.certificates(), empty).readKey()),
                        refusal(() -> new TlsFiles(good.certificates(), wrong).readKey()),
                        refusal(() -> new TlsFiles(good.certificates(), folder).readKey()));

        // Then
        for (IllegalArgumentException refusal : refusals) {
            String said = String.valueOf(refusal.getMessage());
            assertTrue(said.startsWith("access.tls."), said);
            assertFalse(said.contains("AAAA"), said);
        }
    }

    private static IllegalArgumentException refusal(Runnable reading) {
        return assertThrows(IllegalArgumentException.class, reading::run);
    }

    private static URI uri(ApiStage stage, String path) {
        return URI.create("https://localhost:" + stage.server.port() + path);
    }

    private KeyStore certificate(String algorithm)
            throws IOException, InterruptedException, GeneralSecurityException {
        Path file = folder.resolve(algorithm + ".p12");
        Process keytool =
                new ProcessBuilder(
                                Path.of(System.getProperty("java.home"), "bin", "keytool")
                                        .toString(),
                                "-genkeypair",
                                "-alias",
                                "api",
                                "-keyalg",
                                algorithm,
                                "-dname",
                                "CN=localhost",
                                "-ext",
                                "SAN=dns:localhost,ip:127.0.0.1",
                                "-validity",
                                "2",
                                "-storetype",
                                "PKCS12",
                                "-keystore",
                                file.toString(),
                                "-storepass",
                                new String(PASSWORD))
                        .redirectErrorStream(true)
                        .start();
        String said = new String(keytool.getInputStream().readAllBytes(), US_ASCII);
        assertEquals(0, keytool.waitFor(), said);
        KeyStore store = KeyStore.getInstance("PKCS12");
        try (InputStream in = Files.newInputStream(file)) {
            store.load(in, PASSWORD);
        }
        return store;
    }

    private TlsFiles files(KeyStore store) throws IOException, GeneralSecurityException {
        return new TlsFiles(
                pem("CERTIFICATE", store.getCertificate("api").getEncoded()),
                pem("PRIVATE KEY", store.getKey("api", PASSWORD).getEncoded()));
    }

    private Path pem(String what, byte[] bytes) throws IOException {
        String text =
                "-----BEGIN %s-----\n%s\n-----END %s-----\n"
                        .formatted(
                                what,
                                Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(bytes),
                                what);
        return Files.writeString(folder.resolve(what.replace(' ', '-') + ".pem"), text);
    }

    private static SSLContext trusting(KeyStore store)
            throws IOException, GeneralSecurityException {
        KeyStore trusted = KeyStore.getInstance("PKCS12");
        trusted.load(null, null);
        trusted.setCertificateEntry("api", store.getCertificate("api"));
        TrustManagerFactory trust =
                TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        trust.init(trusted);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(null, trust.getTrustManagers(), null);
        return context;
    }
}
