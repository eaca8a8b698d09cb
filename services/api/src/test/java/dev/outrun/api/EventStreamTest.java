package dev.outrun.api;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outrun.api.hub.HubConfig;
import dev.outrun.api.hub.SseText;
import dev.outrun.schema.event.Event;
import dev.outrun.schema.run.RunId;
import dev.outrun.teststack.TestStack;
import dev.outrun.teststack.TestStackExtension;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(TestStackExtension.class)
class EventStreamTest {

    @Test
    void stream_ofALiveRun_givesAllEventsAndEndsWithTheRun(TestStack stack) throws Exception {
        try (ApiStage stage = new ApiStage(stack)) {
            // Given
            RunId run = stage.start();
            stage.append(run, "\"before\"");
            StreamReader stream = stage.stream(events(run));
            stream.read(2);

            // When
            stage.append(run, "{\n  \"odd\" : [ 1,\n\n2 ]\n}");
            stage.append(run, "\"\u20ac \\u00e9 \uD83D\uDE00\"");
            stage.finish(run);

            // Then
            assertEquals(expected(stage, run, 0), stream.readToEnd());
            assertEquals(200, stream.response().statusCode());
            assertEquals(
                    "text/event-stream",
                    stream.response().headers().firstValue("Content-Type").orElseThrow());
        }
    }

    @Test
    void stream_resumedAfterAnySeq_missesAndRepeatsNothing(TestStack stack) throws Exception {
        try (ApiStage stage = new ApiStage(stack)) {
            // Given
            RunId run = stage.start();
            for (int i = 0; i < 6; i++) {
                stage.append(run, "" + i);
            }
            List<StreamReader> live = new ArrayList<>();
            for (int last = 0; last < 7; last++) {
                live.add(stage.stream(events(run) + "?from=0", "Last-Event-ID", "" + last));
            }

            // When
            stage.finish(run);

            // Then
            for (int last = 0; last < 7; last++) {
                List<SseText.Message> rest = expected(stage, run, last + 1);
                assertEquals(rest, live.get(last).readToEnd());
                try (StreamReader replay = stage.stream(events(run), "Last-Event-ID", "" + last)) {
                    assertEquals(rest, replay.readToEnd());
                }
                try (StreamReader replay = stage.stream(events(run) + "?from=" + (last + 1))) {
                    assertEquals(rest, replay.readToEnd());
                }
            }
        }
    }

    @Test
    void stream_ofAClosedRunWithNothingLeft_is204(TestStack stack) throws Exception {
        try (ApiStage stage = new ApiStage(stack)) {
            // Given
            RunId run = stage.start();
            stage.finish(run);

            // When
            StreamReader after = stage.stream(events(run), "Last-Event-ID", "2");
            StreamReader beyond = stage.stream(events(run) + "?from=1000");

            // Then
            assertEquals(204, after.response().statusCode());
            assertEquals(204, beyond.response().statusCode());
        }
    }

    @Test
    void stream_thatIsQuiet_hasCommentsWithoutAnId(TestStack stack) throws Exception {
        HubConfig hub = hub(10, Duration.ofMillis(20), Duration.ofHours(1));
        try (ApiStage stage = new ApiStage(stack, hub, List.of());
                StreamReader stream = stage.stream(events(stage.start()) + "?from=1")) {
            // When
            stream.readUntil(": keep-alive");

            // Then
            assertFalse(stream.text().contains("id:"));
        }
    }

    @Test
    void streams_ofManyRunsAndSubscribers_areEachComplete(TestStack stack) throws Exception {
        try (ApiStage stage = new ApiStage(stack);
                ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            // Given
            List<RunId> runs = new ArrayList<>();
            List<Future<List<SseText.Message>>> got = new ArrayList<>();
            for (int i = 0; i < 50; i++) {
                RunId run = stage.start();
                runs.add(run);
                for (int reader = 0; reader < (i == 0 ? 30 : 1); reader++) {
                    StreamReader stream = stage.stream(events(run));
                    got.add(threads.submit(stream::readToEnd));
                }
            }

            // When
            for (int i = 0; i < 8; i++) {
                for (RunId run : runs) {
                    stage.append(run, "" + i);
                }
            }
            runs.forEach(stage::finish);

            // Then
            for (int i = 0; i < got.size(); i++) {
                RunId run = runs.get(Math.max(0, i - 29));
                assertEquals(expected(stage, run, 0), got.get(i).get());
            }
        }
    }

    @Test
    void stream_thatIsNotRead_slowsNobodyAndIsCompleteInTheEnd(TestStack stack) throws Exception {
        try (ApiStage stage = new ApiStage(stack)) {
            // Given
            RunId run = stage.start();
            String data = "\"" + "x".repeat(20_000) + "\"";
            try (Socket slow = socket(stage, events(run), 128 * 1024);
                    StreamReader quick = stage.stream(events(run))) {
                // When
                for (int i = 1; i <= 300; i++) {
                    stage.append(run, data);
                    quick.read(1);
                }
                stage.finish(run);

                // Then
                assertEquals(expected(stage, run, 0), quick.readToEnd());
                String text = new String(slow.getInputStream().readAllBytes(), UTF_8);
                assertEquals(expected(stage, run, 0), SseText.parse(dechunked(text)));
            }
        }
    }

    @Test
    void stream_whoseClientIsGone_isFreed(TestStack stack) throws Exception {
        try (ApiStage stage = new ApiStage(stack)) {
            // Given
            RunId run = stage.start();
            StreamReader stream = stage.stream(events(run));
            stream.read(1);
            assertEquals(1, stage.server.streams());

            // When
            stream.close();

            // Then
            untilFreed(stage, run);
        }
    }

    @Test
    void stream_whoseClientDoesNotReadForTooLong_isCut(TestStack stack) throws Exception {
        HubConfig hub = hub(10, Duration.ofHours(1), Duration.ofMillis(50));
        try (ApiStage stage = new ApiStage(stack, hub, List.of())) {
            // Given
            RunId run = stage.start();

            // When
            try (Socket stalled = socket(stage, events(run), 128 * 1024)) {
                stalled.getInputStream().readNBytes(20);

                // Then
                untilFreed(stage, run);
            }
        }
    }

    @Test
    void stream_beyondTheClientsMax_isRefusedUntilOneLeaves(TestStack stack) throws Exception {
        HubConfig hub = hub(1, Duration.ofHours(1), Duration.ofHours(1));
        try (ApiStage stage = new ApiStage(stack, hub, List.of())) {
            // Given
            RunId run = stage.start();
            StreamReader first = stage.stream(events(run));
            first.read(1);

            // When
            StreamReader refused = stage.stream(events(run));

            // Then
            assertEquals(503, refused.response().statusCode());
            assertEquals("1", refused.response().headers().firstValue("Retry-After").orElseThrow());
            refused.readToEnd();
            assertTrue(refused.text().contains("\"code\":\"unavailable\""));
            first.close();
            untilFreed(stage, run);
            stage.stream(events(run)).read(1);
        }
    }

    @Test
    void streams_whenTheServerCloses_endWithAComment(TestStack stack) throws Exception {
        try (ApiStage stage = new ApiStage(stack)) {
            // Given
            RunId run = stage.start();
            StreamReader stream = stage.stream(events(run));
            stream.read(1);

            // When
            stage.server.close();

            // Then
            stream.readToEnd();
            assertTrue(stream.text().endsWith(": the server is closing\n\n"));
        }
    }

    private static String events(RunId run) {
        return "/v1/runs/" + run + "/events";
    }

    private static HubConfig hub(int clientsMax, Duration keepAlive, Duration writeStallMax) {
        HubConfig hub = ApiStage.HUB;
        return new HubConfig(
                clientsMax,
                hub.firehoseClientsMax(),
                hub.queueEventsMax(),
                hub.queueBytesMax(),
                hub.historyReaders(),
                hub.historyPageBytesMax(),
                keepAlive,
                hub.idleCheck(),
                hub.tailLinger(),
                writeStallMax);
    }

    /** Appends until the server has noticed, at a write, that the client is gone. */
    private static void untilFreed(ApiStage stage, RunId run) {
        while (stage.server.streams() > 0) {
            stage.append(run, "\"" + "x".repeat(50_000) + "\"");
        }
    }

    private static List<SseText.Message> expected(ApiStage stage, RunId run, int from) {
        List<Event> events = new ArrayList<>(stage.ledger.events(run, from, 10_000));
        while (from + events.size() < stage.ledger.run(run).orElseThrow().nextSeq()) {
            events.addAll(stage.ledger.events(run, from + events.size(), 10_000));
        }
        return events.stream()
                .map(event ->
                        new SseText.Message(
                                "" + event.seq(),
                                event.type(),
                                new String(event.envelope(), UTF_8)))
                .toList();
    }

    /** A client with small buffers that has asked and reads when told. */
    private static Socket socket(ApiStage stage, String path, int receiveBufferBytes)
            throws IOException {
        Socket socket = new Socket();
        socket.setReceiveBufferSize(receiveBufferBytes);
        socket.connect(
                new InetSocketAddress(InetAddress.getLoopbackAddress(), stage.server.port()));
        String request =
                "GET "
                        + path
                        + " HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n"
                        + "Connection: close\r\n\r\n";
        socket.getOutputStream().write(request.getBytes(UTF_8));
        return socket;
    }

    private static String dechunked(String response) {
        StringBuilder body = new StringBuilder();
        int at = response.indexOf("\r\n\r\n") + 4;
        while (true) {
            int line = response.indexOf("\r\n", at);
            int length = Integer.parseInt(response.substring(at, line), 16);
            if (length == 0) {
                return body.toString();
            }
            body.append(response, line + 2, line + 2 + length);
            at = line + 2 + length + 2;
        }
    }
}
