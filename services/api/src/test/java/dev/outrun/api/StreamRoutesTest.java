package dev.outrun.api;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outrun.api.hub.SseText;
import dev.outrun.schema.run.RunId;
import dev.outrun.teststack.TestStack;
import dev.outrun.teststack.TestStackExtension;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Reading: any run's log by its id, and streams by their names. */
@ExtendWith(TestStackExtension.class)
class StreamRoutesTest {

    private static final String BEGINNING = "0000000000000000_0000000000000000";

    @Test
    void run_readAsAStream_isItsEnvelopes(TestStack stack) throws Exception {
        try (ApiStage stage = new ApiStage(stack)) {
            // Given
            RunId run = stage.start();
            stage.append(run, "{\r\n \"odd\" : [ ] }");

            // When
            HttpResponse<String> open = stage.get("/v1/streams/" + run);
            stage.finish(run);
            HttpResponse<String> rest =
                    stage.get("/v1/streams/" + run + "?offset=" + header(open, "next-offset"));
            HttpResponse<String> end =
                    stage.get("/v1/streams/" + run + "?offset=" + header(rest, "next-offset"));

            // Then
            assertEquals(envelopes(stage, run, 0, 2), open.body());
            assertEquals(envelopes(stage, run, 2, 4), rest.body());
            assertEquals("[]", end.body());
            assertEquals("application/json", open.headers().firstValue("Content-Type").orElse(""));
            assertEquals("0000000000000002_0000000000000000", header(open, "next-offset"));
            assertEquals(List.of("true", ""), List.of(upToDate(open), header(open, "closed")));
            assertEquals(List.of("true", "true"), List.of(upToDate(rest), header(rest, "closed")));
            assertEquals(List.of("true", "true"), List.of(upToDate(end), header(end, "closed")));
            assertEquals("no-cache", cacheControl(open));
            assertEquals("private, max-age=60", cacheControl(rest));
            assertEquals(header(rest, "next-offset"), header(end, "next-offset"));
        }
    }

    @Test
    void page_thatIsKnown_isNotSentAgain(TestStack stack) throws Exception {
        try (ApiStage stage = new ApiStage(stack)) {
            // Given
            RunId run = stage.start();
            String path = "/v1/streams/" + run;
            String tag = stage.get(path).headers().firstValue("ETag").orElseThrow();

            // When
            HttpResponse<String> same = get(stage, path, "If-None-Match", "\"x\", " + tag);
            stage.append(run, "1");
            HttpResponse<String> more = get(stage, path, "If-None-Match", tag);
            stage.finish(run);
            HttpResponse<String> now = stage.get(path + "?offset=now");

            // Then
            assertEquals(304, same.statusCode());
            assertEquals("", same.body());
            assertEquals(tag, same.headers().firstValue("ETag").orElseThrow());
            assertEquals(200, more.statusCode());
            assertNotEquals(tag, more.headers().firstValue("ETag").orElseThrow());
            assertEquals("[]", now.body());
            assertTrue(now.headers().firstValue("ETag").isEmpty());
            assertEquals("no-store", cacheControl(now));
            assertEquals("true", header(now, "closed"));
        }
    }

    @Test
    void pages_ofALongLog_areBounded_andTogetherWhole(TestStack stack) throws Exception {
        try (ApiStage stage = new ApiStage(stack)) {
            // Given
            RunId run = stage.start();
            String data = "\"" + "x".repeat(100_000) + "\"";
            for (int i = 0; i < 30; i++) {
                stage.append(run, data);
            }
            stage.finish(run);

            // When
            String offset = "-1";
            StringBuilder whole = new StringBuilder();
            int pages = 0;
            boolean closed = false;
            while (!closed) {
                HttpResponse<String> page = stage.get("/v1/streams/" + run + "?offset=" + offset);
                assertTrue(page.body().length() < 1_300_000, page.body().length() + " bytes");
                whole.append(whole.isEmpty() ? "" : ",");
                whole.append(page.body(), 1, page.body().length() - 1);
                closed = header(page, "closed").equals("true");
                assertEquals(closed ? "true" : "", upToDate(page));
                assertEquals("private, max-age=60", cacheControl(page));
                offset = header(page, "next-offset");
                pages++;
            }

            // Then
            assertEquals(envelopes(stage, run, 0, 33), "[" + whole + "]");
            assertEquals(3, pages);
        }
    }

    @Test
    void head_saysWhereAStreamEnds(TestStack stack) throws Exception {
        try (ApiStage stage = new ApiStage(stack)) {
            // Given
            put(stage, "/v1/streams/a", "text/plain", "x", "Stream-TTL", "60");
            RunId run = stage.start();

            // When
            HttpResponse<String> stream = head(stage, "/v1/streams/a");
            HttpResponse<String> log = head(stage, "/v1/streams/" + run);
            HttpResponse<String> nobody = head(stage, "/v1/streams/b");

            // Then
            assertEquals(200, stream.statusCode());
            assertEquals("text/plain", stream.headers().firstValue("Content-Type").orElse(""));
            assertEquals("60", header(stream, "ttl"));
            assertEquals("0000000000000002_0000000000000000", header(stream, "next-offset"));
            assertEquals("no-store", cacheControl(stream));
            assertEquals("0000000000000001_0000000000000000", header(log, "next-offset"));
            assertEquals(404, nobody.statusCode());
            assertEquals("", nobody.body());
            assertEquals(200, stage.get("/v1/streams/a").statusCode());
        }
    }

    @Test
    void longPoll_waitsForAMessage(TestStack stack) throws Exception {
        try (ApiStage stage = new ApiStage(stack);
                ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            // Given
            put(stage, "/v1/streams/a", "application/json", "[1]");
            Future<HttpResponse<String>> waiting =
                    threads.submit(
                            () -> stage.get("/v1/streams/a?offset=now&live=long-poll&cursor=7"));
            while (stage.server.streams() == 0) {
                Thread.onSpinWait();
            }

            // When
            post(stage, "/v1/streams/a", "application/json", "[2,3]");

            // Then
            assertTrue(List.of("[2]", "[2,3]").contains(waiting.get().body()));
            assertTrue(header(waiting.get(), "cursor").matches("[0-9]+"));
        }
    }

    @Test
    void longPoll_whoseTimeIsOver_saysWhereToGoOn(TestStack stack) throws Exception {
        try (ApiStage stage = new ApiStage(stack, Duration.ofMillis(1))) {
            // Given
            put(stage, "/v1/streams/a", "application/json", "[1]");

            // When
            HttpResponse<String> nothing = stage.get("/v1/streams/a?offset=now&live=long-poll");

            // Then
            assertEquals(204, nothing.statusCode());
            assertEquals("true", upToDate(nothing));
            assertEquals("0000000000000002_0000000000000000", header(nothing, "next-offset"));
            assertTrue(header(nothing, "cursor").matches("[0-9]+"));
        }
    }

    @Test
    void longPoll_ofWhatIsThereOrClosed_doesNotWait(TestStack stack) throws Exception {
        try (ApiStage stage = new ApiStage(stack)) {
            // Given
            put(stage, "/v1/streams/a", "text/plain", "one");

            // When
            HttpResponse<String> there = stage.get("/v1/streams/a?offset=-1&live=long-poll");
            post(stage, "/v1/streams/a", "text/plain", "two", "Stream-Closed", "TRUE");
            String path = "/v1/streams/a?live=long-poll&offset=";
            HttpResponse<String> last = stage.get(path + header(there, "next-offset"));
            HttpResponse<String> end = stage.get(path + header(last, "next-offset"));
            HttpResponse<String> now = stage.get(path + "now");

            // Then
            assertEquals("one", there.body());
            assertEquals("two", last.body());
            assertEquals("true", header(last, "closed"));
            for (HttpResponse<String> response : List.of(end, now)) {
                assertEquals(204, response.statusCode());
                assertEquals("true", header(response, "closed"));
                assertEquals(header(last, "next-offset"), header(response, "next-offset"));
            }
        }
    }

    @Test
    void eventStream_hasAControlAfterEachData_andEndsWithTheStream(TestStack stack)
            throws Exception {
        try (ApiStage stage = new ApiStage(stack)) {
            // Given
            put(stage, "/v1/streams/a", "text/plain", " a\nb\r\n");
            StreamReader reader = stage.stream("/v1/streams/a?offset=-1&live=sse");
            reader.read(2);

            // When
            post(stage, "/v1/streams/a", "text/plain", "c", "Stream-Closed", "true");
            List<SseText.Message> messages = reader.readToEnd();

            // Then
            assertEquals(
                    " a\nb\nc",
                    messages.stream()
                            .filter(message -> message.event().equals("data"))
                            .map(SseText.Message::data)
                            .collect(Collectors.joining()));
            assertEquals("data", messages.getFirst().event());
            assertEquals("control", messages.get(1).event());
            assertTrue(messages.get(1).data().contains("\"upToDate\":true"));
            assertTrue(messages.get(1).data().contains("\"streamCursor\":\""));
            String last = messages.getLast().data();
            assertEquals(
                    "{\"streamNextOffset\":\"0000000000000003_0000000000000000\","
                            + "\"streamClosed\":true,\"upToDate\":true}",
                    last);
            assertTrue(
                    reader.response().headers().firstValue("Stream-SSE-Data-Encoding").isEmpty());
        }
    }

    @Test
    void eventStream_ofARunAndOfBytes_areEnvelopesAndBase64(TestStack stack) throws Exception {
        try (ApiStage stage = new ApiStage(stack)) {
            // Given
            RunId run = stage.start();
            stage.finish(run);
            put(stage, "/v1/streams/a", "image/png", "abc", "Stream-Closed", "true");

            // When
            List<SseText.Message> log =
                    stage.stream("/v1/streams/" + run + "?offset=-1&live=sse").readToEnd();
            StreamReader bytes = stage.stream("/v1/streams/a?offset=-1&live=sse");
            List<SseText.Message> nothing =
                    stage.stream("/v1/streams/a?offset=now&live=sse").readToEnd();

            // Then
            assertEquals(envelopes(stage, run, 0, 3), log.getFirst().data());
            assertTrue(log.getLast().data().contains("\"streamClosed\":true"));
            assertEquals("YWJj", bytes.readToEnd().getFirst().data());
            assertEquals(
                    "base64",
                    bytes.response()
                            .headers()
                            .firstValue("Stream-SSE-Data-Encoding")
                            .orElseThrow());
            assertEquals(1, nothing.size());
            assertTrue(nothing.getFirst().data().contains("\"streamClosed\":true"));
        }
    }

    @Test
    void reads_thatMeanNothing_areRefused(TestStack stack) throws Exception {
        try (ApiStage stage = new ApiStage(stack)) {
            // Given
            put(stage, "/v1/streams/a", "text/plain", "x");
            String nobody = "01890000-0000-7000-8000-000000000000";

            // When / Then
            for (String query :
                    List.of(
                            "?offset=",
                            "?offset=7",
                            "?offset=a&offset=b",
                            "?offset=0000000000000003_0000000000000000",
                            "?live=sse",
                            "?live=long-poll",
                            "?offset=-1&live=telepathy")) {
                assertProblem(400, "invalid_request", stage.get("/v1/streams/a" + query));
            }
            assertProblem(404, "unknown_stream", stage.get("/v1/streams/b?offset=now&live=sse"));
            assertProblem(404, "unknown_run", stage.get("/v1/streams/" + nobody));
            assertEquals(200, stage.get("/v1/streams/a?offset=" + BEGINNING + "&x=y").statusCode());
        }
    }

    private static void assertProblem(int status, String code, HttpResponse<String> response)
            throws Exception {
        assertEquals(status, response.statusCode(), response.uri() + " " + response.body());
        assertEquals(code, ApiStage.json(response).get("code").textValue());
        assertFalse(response.headers().firstValue("Cross-Origin-Resource-Policy").isEmpty());
    }

    private static String envelopes(ApiStage stage, RunId run, int from, int to) {
        return stage.ledger.events(run, from, to - from).stream()
                .map(event -> new String(event.envelope(), UTF_8))
                .collect(Collectors.joining(",", "[", "]"));
    }

    private static HttpResponse<String> head(ApiStage stage, String path) throws Exception {
        return stage.send(HttpRequest.newBuilder(stage.uri(path)).HEAD().build());
    }

    private static HttpResponse<String> get(ApiStage stage, String path, String... headers)
            throws Exception {
        return stage.send(HttpRequest.newBuilder(stage.uri(path)).headers(headers).build());
    }

    private static void put(
            ApiStage stage, String path, String type, String body, String... headers)
            throws Exception {
        assertEquals(201, said(stage, "PUT", path, type, body, headers).statusCode());
    }

    private static void post(
            ApiStage stage, String path, String type, String body, String... headers)
            throws Exception {
        assertEquals(204, said(stage, "POST", path, type, body, headers).statusCode());
    }

    private static HttpResponse<String> said(
            ApiStage stage, String method, String path, String type, String body, String... headers)
            throws Exception {
        HttpRequest.Builder request =
                HttpRequest.newBuilder(stage.uri(path)).header("Content-Type", type);
        if (headers.length > 0) {
            request.headers(headers);
        }
        return stage.send(request.method(method, BodyPublishers.ofString(body)).build());
    }

    private static String header(HttpResponse<String> response, String name) {
        return response.headers().firstValue("Stream-" + name).orElse("");
    }

    private static String upToDate(HttpResponse<String> response) {
        return header(response, "up-to-date");
    }

    private static String cacheControl(HttpResponse<String> response) {
        return response.headers().firstValue("Cache-Control").orElse("");
    }
}
