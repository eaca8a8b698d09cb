package dev.outrun.api;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.outrun.api.hub.SseText;
import dev.outrun.schema.json.WireJson;
import dev.outrun.schema.run.RunId;
import dev.outrun.teststack.TestStack;
import dev.outrun.teststack.TestStackExtension;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Several runs in one event stream, and streams of some types only. */
@ExtendWith(TestStackExtension.class)
final class MergedStreamTest {

    @Test
    void stream_ofSeveralRuns_givesEachOfThemInOrder_andEndsWithTheLast(TestStack stack)
            throws Exception {
        try (ApiStage stage = new ApiStage(stack)) {
            // Given
            List<RunId> runs = List.of(stage.start(), stage.start(), stage.start());
            stage.append(runs.get(0), "\"before\"");
            StreamReader stream = stage.stream(events(runs));
            stream.read(4);

            // When
            for (int n = 0; n < 5; n++) {
                for (RunId run : runs) {
                    stage.append(run, "{\n\"n\": " + n + "}");
                }
            }
            runs.forEach(stage::finish);
            List<SseText.Message> all = stream.readToEnd();

            // Then
            assertEquals(200, stream.response().statusCode());
            assertEquals(seqs(stage, runs), seqs(all));
            assertEquals("9,8,8", all.getLast().id());
        }
    }

    @Test
    void stream_resumedAfterAnyEvent_missesAndRepeatsNothing(TestStack stack) throws Exception {
        try (ApiStage stage = new ApiStage(stack)) {
            // Given
            List<RunId> runs = List.of(stage.start(), stage.start());
            for (RunId run : runs) {
                stage.append(run, "1");
                stage.append(run, "2");
                stage.finish(run);
            }
            List<SseText.Message> all;
            try (StreamReader stream = stage.stream(events(runs))) {
                all = stream.readToEnd();
            }

            for (int read = 1; read < all.size(); read++) {
                // When
                List<SseText.Message> rest;
                String last = all.get(read - 1).id();
                try (StreamReader stream = stage.stream(events(runs), "Last-Event-ID", last)) {
                    rest = stream.readToEnd();
                }

                // Then
                List<SseText.Message> together = new ArrayList<>(all.subList(0, read));
                together.addAll(rest);
                assertEquals(seqs(stage, runs), seqs(together));
            }
        }
    }

    @Test
    void stream_fromTheLatest_givesOnlyWhatIsNew(TestStack stack) throws Exception {
        try (ApiStage stage = new ApiStage(stack)) {
            // Given
            List<RunId> runs = List.of(stage.start(), stage.start());
            stage.append(runs.get(0), "1");
            StreamReader many = stage.stream(events(runs) + "&from=latest");
            StreamReader one = stage.stream("/v1/runs/" + runs.get(0) + "/events?from=latest");

            // When
            runs.forEach(stage::finish);

            // Then
            assertEquals(
                    Map.of(
                            runs.get(0).toString(),
                            List.of(2L, 3L),
                            runs.get(1).toString(),
                            List.of(1L, 2L)),
                    seqs(many.readToEnd()));
            assertEquals(List.of("2", "3"), one.readToEnd().stream().map(e -> e.id()).toList());
        }
    }

    @Test
    void stream_ofSomeTypes_leavesTheOthersOut(TestStack stack) throws Exception {
        try (ApiStage stage = new ApiStage(stack)) {
            // Given
            List<RunId> runs = List.of(stage.start(), stage.start());
            String one = "/v1/runs/" + runs.get(0) + "/events?types=token.delta,run.completed";
            StreamReader live = stage.stream(one);
            stage.append(runs.get(0), "1");
            runs.forEach(stage::finish);

            // When
            List<SseText.Message> lived = live.readToEnd();
            List<SseText.Message> merged;
            try (StreamReader stream = stage.stream(events(runs) + "&types=run.completed")) {
                merged = stream.readToEnd();
            }
            JsonNode page = ApiStage.json(stage.get(one));

            // Then
            assertEquals(List.of("1", "3"), lived.stream().map(e -> e.id()).toList());
            assertEquals(
                    Map.of(
                            runs.get(0).toString(),
                            List.of(3L),
                            runs.get(1).toString(),
                            List.of(2L)),
                    seqs(merged));
            assertEquals(2, page.get("events").size());
            assertEquals(4, page.get("next").intValue());
            assertTrue(page.get("closed").booleanValue());
        }
    }

    @Test
    void stream_ofWhatIsReadToItsEnd_isNone(TestStack stack) throws Exception {
        try (ApiStage stage = new ApiStage(stack)) {
            // Given
            List<RunId> runs = List.of(stage.start(), stage.start());
            runs.forEach(stage::finish);

            // When
            HttpResponse<String> answer = stage.get(events(runs) + "&from=3,3");

            // Then
            assertEquals(204, answer.statusCode());
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "?runs=",
                "?runs=none",
                "?runs=RUN,RUN",
                "?runs=RUN&from=1,2",
                "?runs=RUN&from=-1",
                "?runs=RUN&from=now",
                "?runs=RUN&types=*",
                "?runs=RUN&limit=5"
            })
    void badRequest_isRefused(String query, TestStack stack) throws Exception {
        try (ApiStage stage = new ApiStage(stack)) {
            // When
            HttpResponse<String> answer =
                    stage.get("/v1/events" + query.replace("RUN", stage.start().toString()));

            // Then
            assertEquals(400, answer.statusCode(), answer.body());
        }
    }

    @Test
    void unknownRun_amongOthers_isRefused(TestStack stack) throws Exception {
        try (ApiStage stage = new ApiStage(stack)) {
            // When
            HttpResponse<String> answer =
                    stage.get(
                            "/v1/events?runs="
                                    + stage.start()
                                    + ",01890000-0000-7000-8000-000000000000");

            // Then
            assertEquals(404, answer.statusCode(), answer.body());
        }
    }

    private static String events(List<RunId> runs) {
        return "/v1/events?runs=" + String.join(",", runs.stream().map(RunId::toString).toList());
    }

    /** All seqs there are, by run. */
    private static Map<String, List<Long>> seqs(ApiStage stage, List<RunId> runs) {
        Map<String, List<Long>> all = new TreeMap<>();
        for (RunId run : runs) {
            long next = stage.ledger.run(run).orElseThrow().nextSeq();
            all.put(run.toString(), LongStream.range(0, next).boxed().toList());
        }
        return all;
    }

    /** The seqs that came, by run. */
    private static Map<String, List<Long>> seqs(List<SseText.Message> messages) throws IOException {
        Map<String, List<Long>> all = new TreeMap<>();
        for (SseText.Message message : messages) {
            JsonNode envelope = WireJson.mapper().readTree(message.data());
            all.computeIfAbsent(envelope.get("run").textValue(), run -> new ArrayList<>())
                    .add(envelope.get("seq").longValue());
        }
        return all;
    }
}
