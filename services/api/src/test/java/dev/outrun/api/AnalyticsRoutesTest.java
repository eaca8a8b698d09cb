package dev.outrun.api;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.outrun.api.access.AccessConfig;
import dev.outrun.api.hub.SseText;
import dev.outrun.ledger.access.Role;
import dev.outrun.schema.analytics.Counter;
import dev.outrun.schema.analytics.Timing;
import dev.outrun.schema.analytics.WindowKey;
import dev.outrun.schema.analytics.WindowSum;
import dev.outrun.schema.json.WireJson;
import dev.outrun.schema.topic.Topics;
import dev.outrun.teststack.TestStack;
import dev.outrun.teststack.TestStackExtension;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@ExtendWith(TestStackExtension.class)
final class AnalyticsRoutesTest {

    private static final String WINDOWS = "/v1/analytics/windows";

    private final Instant minute =
            WindowKey.startOf(InstantSource.system().instant(), WindowKey.SIZE);

    @Test
    void windows_ofAllShards_arePutTogether(TestStack stack) throws Exception {
        // Given
        makeTopic(stack);
        say(stack, key(0, "a"), sum(3));
        say(stack, key(1, "a"), sum(4));
        say(stack, key(1, "b"), sum(5));
        try (ApiStage stage = new ApiStage(stack)) {
            // When
            JsonNode windows = found(stage, WINDOWS + "?by=queue").get("windows");

            // Then
            assertEquals(2, windows.size());
            assertEquals(
                    "{\"start\":\""
                            + minute
                            + "\",\"end\":\""
                            + minute.plusSeconds(60)
                            + "\",\"queue\":\"b\",\"handler\":null,\"requested\":0,\"started\":0,"
                            + "\"completed\":0,\"failed\":0,\"cancelled\":0,\"retried\":0,"
                            + "\"events\":5,\"bytes\":0,\"queue_wait_ms\":{\"count\":0,\"p50\":null,"
                            + "\"p90\":null,\"p99\":null,\"max\":null},\"duration_ms\":{\"count\":1,"
                            + "\"p50\":5.0,\"p90\":5.0,\"p99\":5.0,\"max\":5.0},\"first_event_ms\":"
                            + "{\"count\":0,\"p50\":null,\"p90\":null,\"p99\":null,\"max\":null}}",
                    rounded(windows.get(1).toString()));
            assertEquals(7, windows.get(0).get("events").asInt());
            assertEquals(2, windows.get(0).get("duration_ms").get("count").asInt());
            assertEquals(4.0, windows.get(0).get("duration_ms").get("max").asDouble());
        }
    }

    @Test
    void stream_givesWindowsThatAreThere_andAgainWhenTheyChange(TestStack stack) throws Exception {
        // Given
        makeTopic(stack);
        say(stack, key(0, "a"), sum(3));
        try (ApiStage stage = new ApiStage(stack)) {
            StreamReader stream = stage.stream(WINDOWS + "?by=all");
            stream.read(1);
            assertEquals(1, stage.server.streams());

            // When
            say(stack, key(1, "b"), sum(4));

            // Then
            List<SseText.Message> messages = stream.read(2);
            assertEquals("window", messages.getLast().event());
            assertEquals("", messages.getLast().id());
            List<Integer> events =
                    messages.stream().map(each -> json(each).get("events").asInt()).toList();
            assertEquals(List.of(3, 7), events);
        }
    }

    @Test
    void windows_ofATenantsKey_areItsOwnOnly(TestStack stack) throws Exception {
        // Given
        makeTopic(stack);
        say(stack, key(0, "a"), sum(3));
        say(stack, new WindowKey(1, minute, "acme", "a", "echo"), sum(4));
        try (ApiStage stage = new ApiStage(stack, AccessConfig.KEYS)) {
            String key = stage.key("acme", Role.READER);

            // When
            HttpResponse<String> listed = stage.call("GET", WINDOWS + "?by=all", key, null);

            // Then
            JsonNode windows = ApiStage.json(listed).get("windows");
            assertEquals(1, windows.size());
            assertEquals(4, windows.get(0).get("events").asInt());
            try (StreamReader stream =
                    stage.stream(WINDOWS + "?by=all", "Authorization", "Bearer " + key)) {
                assertEquals(4, json(stream.read(1).getFirst()).get("events").asInt());
            }
        }
    }

    @Test
    void windows_thatAreNotRead_areUnavailable(TestStack stack) throws Exception {
        // Given: there is no topic
        try (ApiStage stage = new ApiStage(stack)) {
            // When
            HttpResponse<String> response = stage.get(WINDOWS);

            // Then
            assertEquals(503, response.statusCode());
            assertEquals("unavailable", ApiStage.json(response).get("code").asText());
        }
    }

    @Test
    void record_thatIsNoWindow_isPassedOver(TestStack stack) throws Exception {
        // Given
        makeTopic(stack);
        send(stack, 0, new byte[] {1}, new byte[] {2});
        say(stack, key(0, "a"), sum(3));
        try (ApiStage stage = new ApiStage(stack)) {
            // When
            JsonNode windows = found(stage, WINDOWS).get("windows");

            // Then
            assertEquals(1, windows.size());
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "from=yesterday",
                "from=",
                "to=2026-13-01T00:00:00Z",
                "from=%2B999999999-01-01T00:00:00Z",
                "window=1m",
                "window=PT90S",
                "window=PT0S",
                "window=-PT1M",
                "window=PT25H",
                "window=PT9223372036854775807M",
                "by=colour",
                "by=ALL",
                "queue=UPPER",
                "handler=a%20b",
                "tenant=other",
                "by=all&by=all"
            })
    void questions_thatMeanNothing_areRefused(String query, TestStack stack) throws Exception {
        try (ApiStage stage = new ApiStage(stack)) {
            // When
            HttpResponse<String> response = stage.get(WINDOWS + "?" + query);

            // Then
            assertEquals(400, response.statusCode(), response.body());
            assertEquals("invalid_request", ApiStage.json(response).get("code").asText());
            assertTrue(
                    response.headers()
                            .firstValue("Content-Type")
                            .orElseThrow()
                            .startsWith("application/problem+json"));
        }
    }

    private static JsonNode found(ApiStage stage, String path) throws Exception {
        HttpResponse<String> response = stage.get(path);
        assertEquals(200, response.statusCode(), response.body());
        return ApiStage.json(response);
    }

    private static JsonNode json(SseText.Message message) {
        return WireJson.read(message.data().getBytes(UTF_8), JsonNode.class);
    }

    /** With percentiles of one value as that value. */
    private static String rounded(String json) {
        return json.replaceAll("(\"p\\d\\d\"):4\\.9\\d*|(\"p\\d\\d\"):5\\.0\\d*", "$1$2:5.0");
    }

    private WindowKey key(int shard, String queue) {
        return new WindowKey(shard, minute, "default", queue, "echo");
    }

    private static WindowSum sum(int events) {
        WindowSum sum = new WindowSum();
        sum.count(Counter.EVENTS, events);
        sum.time(Timing.DURATION, Duration.ofMillis(events));
        return sum;
    }

    private static void makeTopic(TestStack stack) throws ExecutionException, InterruptedException {
        Topics topics = stack.topics();
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", stack.bootstrapServers()))) {
            admin.createTopics(List.of(new NewTopic(topics.windows(), TestStack.SHARDS, (short) 1)))
                    .all()
                    .get();
        }
    }

    private static void say(TestStack stack, WindowKey key, WindowSum sum)
            throws ExecutionException, InterruptedException {
        send(stack, key.shard(), WireJson.write(key), WireJson.write(sum.window(false)));
    }

    private static void send(TestStack stack, int shard, byte[] key, byte[] value)
            throws ExecutionException, InterruptedException {
        try (var producer =
                new KafkaProducer<>(
                        Map.of("bootstrap.servers", stack.bootstrapServers()),
                        new ByteArraySerializer(),
                        new ByteArraySerializer())) {
            producer.send(new ProducerRecord<>(stack.topics().windows(), shard, key, value)).get();
        }
    }
}
