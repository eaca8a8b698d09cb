package dev.outrun.api.description;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.outrun.api.description.RequestFuzz.Made;
import dev.outrun.schema.json.WireJson;
import dev.outrun.teststack.TestStack;
import dev.outrun.teststack.TestStackExtension;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.http.HttpClient;
import java.net.http.HttpHeaders;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Requests that are made up from the description: whatever is asked, and by whom, the answer is one
 * that the description has, comes in time, and has nothing of another tenant's in it. {@code
 * ./outrun fuzz} asks for more of them.
 */
@ExtendWith(TestStackExtension.class)
final class FuzzTest {

    private static final Logger LOG = LoggerFactory.getLogger(FuzzTest.class);

    private static final int REQUESTS = Integer.getInteger("outrun.fuzz.requests", 3_000);
    private static final long SEED = Long.getLong("outrun.fuzz.seed", 1);
    private static final int AT_ONCE = 16;
    private static final int SHOWN_MAX = 10;

    /** Beyond it an answer counts as missing. */
    private static final Duration IN_TIME = Duration.ofSeconds(30);

    /** For so long an event stream is read. */
    private static final Duration STREAM_READ = Duration.ofMillis(20);

    private static final int STREAM_BYTES_MAX = 1 << 20;

    /** Of any call: what is wrong with a request before the call is asked. */
    private static final Set<Integer> ANYWHERE =
            Set.of(400, 401, 403, 404, 405, 413, 414, 415, 429, 431);

    private final Queue<String> faults = new ConcurrentLinkedQueue<>();
    private final Map<Integer, AtomicInteger> answers = new ConcurrentSkipListMap<>();
    private final Set<String> succeeded = ConcurrentHashMap.newKeySet();

    @Test
    @Timeout(7_200) // as many as are asked for
    void requests_thatAreMadeUp_areAnsweredAsDescribed(TestStack stack) throws Exception {
        try (FuzzStage stage = new FuzzStage(stack);
                HttpClient client = HttpClient.newHttpClient();
                ScheduledExecutorService closing = Executors.newSingleThreadScheduledExecutor()) {
            // Given
            ApiDescription description = ApiDescription.load();
            RequestFuzz fuzz = new RequestFuzz(SEED, stage.url(), description, stage.callers());
            List<String> acme = stage.vault(FuzzStage.ACME);
            List<String> umbra = stage.vault(FuzzStage.UMBRA);

            // When
            Semaphore atOnce = new Semaphore(AT_ONCE);
            try (ExecutorService callers = Executors.newVirtualThreadPerTaskExecutor()) {
                for (long number = 0; number < REQUESTS && faults.size() < SHOWN_MAX; number++) {
                    Made made = fuzz.request(number);
                    atOnce.acquire();
                    callers.execute(() -> {
                        try {
                            ask(client, closing, made);
                        } finally {
                            atOnce.release();
                        }
                    });
                }
            }

            // Then
            LOG.info(
                    "requests={} seed={} calls={} of {} answers={} faults={}",
                    REQUESTS,
                    SEED,
                    succeeded.size(),
                    description.operations().size(),
                    answers,
                    faults.size());
            assertEquals("", String.join("\n\n", faults));
            assertEquals(acme, stage.vault(FuzzStage.ACME));
            assertEquals(umbra, stage.vault(FuzzStage.UMBRA));
            List<String> never =
                    description.operations().stream()
                            .map(ApiDescription.Operation::toString)
                            .filter(operation -> !succeeded.contains(operation))
                            .toList();
            assertTrue(never.size() <= description.operations().size() / 5, "never: " + never);
        }
    }

    private void ask(HttpClient client, ScheduledExecutorService closing, Made made) {
        try {
            HttpResponse<InputStream> answer =
                    client.sendAsync(made.request(), BodyHandlers.ofInputStream())
                            .get(IN_TIME.toMillis(), TimeUnit.MILLISECONDS);
            String body = new String(body(answer, closing), StandardCharsets.UTF_8);
            answers.computeIfAbsent(answer.statusCode(), status -> new AtomicInteger())
                    .incrementAndGet();
            if (answer.statusCode() < 400) {
                succeeded.add(made.operation().toString());
            }
            String fault = fault(made, answer, body);
            if (!fault.isEmpty()) {
                faults.add(
                        fault + "\n" + made.shown() + "\n-> " + answer.statusCode() + " " + body);
            }
        } catch (Exception e) {
            faults.add("no answer: " + e + "\n" + made.shown());
        }
    }

    /** All of a body, or what of an event stream comes within a moment. */
    private static byte[] body(HttpResponse<InputStream> answer, ScheduledExecutorService closing)
            throws IOException {
        InputStream in = answer.body();
        if (!mediaType(answer.headers()).startsWith("text/event-stream")) {
            return in.readAllBytes();
        }
        var cut =
                closing.schedule(
                        () -> {
                            in.close();
                            return true;
                        },
                        STREAM_READ.toMillis(),
                        TimeUnit.MILLISECONDS);
        ByteArrayOutputStream read = new ByteArrayOutputStream();
        byte[] buffer = new byte[8 * 1024];
        try (in) {
            for (int n = in.read(buffer);
                    n >= 0 && read.size() < STREAM_BYTES_MAX;
                    n = in.read(buffer)) {
                read.write(buffer, 0, n);
            }
        } catch (IOException e) {
            LOG.debug("cut", e);
        } finally {
            cut.cancel(false);
        }
        return read.toByteArray();
    }

    private static String mediaType(HttpHeaders headers) {
        return headers.firstValue("Content-Type").orElse("");
    }

    /**
     * The one call whose refusal is no problem, but what it is asked for, and those without any.
     */
    private static boolean hasOtherBody(ApiDescription.Operation operation) {
        return operation.path().equals("/readyz") || operation.method().equals("HEAD");
    }

    /** What is wrong with an answer; empty where nothing is. */
    private static String fault(Made made, HttpResponse<?> answer, String body) throws IOException {
        int status = answer.statusCode();
        String secret = made.caller().secret();
        if (!made.operation().statuses().contains(status) && !ANYWHERE.contains(status)) {
            return "not described: " + status;
        } else if (secret != null
                && (body.contains(secret) || answer.headers().toString().contains(secret))) {
            return "another tenant's";
        } else if (status >= 400 && !hasOtherBody(made.operation())) {
            JsonNode problem = WireJson.mapper().readTree(body);
            boolean described =
                    mediaType(answer.headers()).startsWith("application/problem+json")
                            && problem.path("status").asInt() == status
                            && problem.path("code").isTextual();
            if (problem.path("code").asText().equals("unavailable")) {
                return "not available";
            }
            return described ? "" : "no problem that is described";
        }
        return "";
    }
}
