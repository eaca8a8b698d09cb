package dev.outrun.api;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outrun.schema.error.ErrorCode;
import dev.outrun.schema.error.OutrunException;
import dev.outrun.schema.run.RunId;
import dev.outrun.teststack.TestStack;
import dev.outrun.teststack.TestStackExtension;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.io.InputStream;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicReference;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(TestStackExtension.class)
class ConsoleRoutesTest {

    @Test
    void console_andItsParts_areServedUnderAStrictPolicy(TestStack stack) throws Exception {
        try (ApiStage stage = new ApiStage(stack)) {
            // When
            HttpResponse<String> page = stage.get("/");

            // Then
            assertEquals(200, page.statusCode());
            String policy = page.headers().firstValue("Content-Security-Policy").orElseThrow();
            assertTrue(policy.startsWith("default-src 'none'"));
            assertFalse(policy.contains("unsafe"));
            assertFalse(
                    Pattern.compile("https?://|<style| style=| on[a-z]+=")
                            .matcher(page.body())
                            .find());
            Matcher parts = Pattern.compile("(?:src|href)=\"(/[^\"]+)\"").matcher(page.body());
            int found = 0;
            for (; parts.find(); found++) {
                assertEquals(200, stage.get(parts.group(1)).statusCode(), parts.group(1));
            }
            assertTrue(found >= 4);
            assertEquals(
                    "{\"bootstrap_servers\":\"%s\",\"topic_prefix\":\"%s\"}"
                            .formatted(stack.bootstrapServers(), stack.topics().prefix()),
                    stage.get("/console.json").body());
        }
    }

    @Test
    void openApi_ofTheServer_describesExactlyItsRoutesAndCodes(TestStack stack) throws Exception {
        try (ApiStage stage = new ApiStage(stack)) {
            // When
            HttpResponse<String> served = stage.get("/openapi.yaml");

            // Then
            try (InputStream in = ConsoleRoutesTest.class.getResourceAsStream("/openapi.yaml")) {
                assertEquals(
                        new String(Objects.requireNonNull(in).readAllBytes(), UTF_8),
                        served.body());
            }
            List<String> described = new ArrayList<>();
            String path = "";
            for (String line : served.body().split("\n", -1)) {
                Matcher atPath = Pattern.compile("  (/\\S*):").matcher(line);
                Matcher atMethod =
                        Pattern.compile("    (get|head|post|put|delete|patch):").matcher(line);
                if (atPath.matches()) {
                    path = atPath.group(1);
                } else if (atMethod.matches()) {
                    described.add(
                            atMethod.group(1).toUpperCase(java.util.Locale.ROOT) + " " + path);
                }
            }
            assertEquals(
                    stage.server.routes().stream()
                            .map(Route::toString)
                            .map(route -> route.replace("{+", "{")) // a name with slashes in it
                            .sorted()
                            .toList(),
                    described.stream().sorted().toList());
            assertEquals(
                    Arrays.stream(ErrorCode.values()).map(ErrorCode::code).toList(),
                    Pattern.compile("^            - ([a-z_]+)$", Pattern.MULTILINE)
                            .matcher(served.body())
                            .results()
                            .map(match -> match.group(1))
                            .toList());
        }
    }

    @Test
    void server_onATakenPort_doesNotStart(TestStack stack) {
        try (ApiStage stage = new ApiStage(stack)) {
            // Given
            ApiConfig taken = ApiConfig.on(ApiConfig.LOOPBACK, stage.server.port());

            // When
            assertThrows(
                    OutrunException.class,
                    () ->
                            ApiServer.start(
                                    taken,
                                    stage.ledger,
                                    stage.access,
                                    tenant -> new RunId(new UUID(0, 0)),
                                    stack.topics(),
                                    stack.kafka(),
                                    List.of(),
                                    new PrometheusMeterRegistry(PrometheusConfig.DEFAULT)));

            // Then
            assertTrue(stage.server.port() > 0);
        }
    }

    @Test
    void readiness_ofItsParts_isTheirAll(TestStack stack) throws Exception {
        AtomicReference<Optional<String>> problem = new AtomicReference<>(Optional.empty());
        List<Readiness> checks =
                List.of(
                        new Readiness("slot", () -> Optional.empty()),
                        new Readiness("connector", problem::get));
        try (ApiStage stage = new ApiStage(stack, ApiStage.HUB, checks)) {
            // Given
            HttpResponse<String> before = stage.get("/readyz");

            // When
            problem.set(Optional.of("the slot is gone"));

            // Then
            HttpResponse<String> after = stage.get("/readyz");
            assertEquals(200, before.statusCode());
            assertEquals(503, after.statusCode());
            assertEquals(
                    "{\"ready\":false,\"parts\":[{\"name\":\"slot\",\"ready\":true},"
                            + "{\"name\":\"connector\",\"ready\":false,\"reason\":\"the slot is gone\"},"
                            + "{\"name\":\"hub\",\"ready\":true},"
                            + "{\"name\":\"leases\",\"ready\":true}]}",
                    after.body());
            assertEquals(200, stage.get("/healthz").statusCode());
        }
    }
}
