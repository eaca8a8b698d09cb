package dev.outrun.api;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.outrun.ledger.StartRun;
import dev.outrun.schema.error.ErrorCode;
import dev.outrun.schema.error.OutrunException;
import dev.outrun.schema.event.EventTypes;
import dev.outrun.schema.json.WireJson;
import dev.outrun.schema.run.RunId;
import dev.outrun.schema.run.RunStatus;
import dev.outrun.schema.work.Heartbeat;
import dev.outrun.schema.work.Task;
import dev.outrun.teststack.TestStack;
import dev.outrun.teststack.TestStackExtension;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The tasks of workers that speak nothing but HTTP; the test is the engine. */
@ExtendWith(TestStackExtension.class)
@Timeout(value = 120, unit = TimeUnit.SECONDS)
final class TaskRoutesTest {

    private static final String LEASE = "/v1/tasks/lease";
    private static final String ASK = "{\"worker\":\"py-1\",\"handlers\":[\"sum\",\"echo\"]}";

    @Test
    void task_isLeased_andItsRunCompleted(TestStack stack) throws Exception {
        try (ApiStage stage = new ApiStage(stack)) {
            // Given
            makeTopics(stage, stack);
            FutureTask<HttpResponse<String>> lease = new FutureTask<>(() -> stage.post(LEASE, ASK));
            Thread.ofVirtual().start(lease);
            RunId run = stage.ledger.start(StartRun.of("echo", "{ \"n\": 1.50 }"));
            send(stack, run, "echo");

            // When
            HttpResponse<String> leased = lease.get();
            JsonNode task = ApiStage.json(leased).get("tasks").get(0);
            String base = base(task);
            HttpResponse<String> one = stage.post(base + "/events", "{\"type\":\"a\",\"data\":1}");
            HttpResponse<String> two =
                    stage.post(base + "/events", "{\"events\":[{\"type\":\"b\",\"data\":[ 2 ]}]}");
            HttpResponse<String> done =
                    stage.post(
                            base + "/complete",
                            "{\"output\": 3,\"events\":[{\"type\":\"c\",\"data\":null}]}");
            HttpResponse<String> again = stage.post(base + "/complete", "{\"output\":3}");

            // Then
            assertEquals(run.toString(), task.get("run").textValue());
            assertEquals("default", task.get("queue").textValue());
            assertTrue(leased.body().contains("\"input\":{ \"n\": 1.50 }"), leased.body());
            assertEquals(2, task.get("next_seq").intValue());
            assertEquals("{\"first\":2,\"next\":3}", one.body());
            assertEquals(201, two.statusCode());
            assertEquals("{\"seq\":5}", done.body());
            assertEquals(done.body(), again.body());
            assertEquals(
                    List.of(EventTypes.REQUESTED, EventTypes.ATTEMPT_STARTED, "a", "b", "c"),
                    stage.ledger.events(run, 0, 5).stream().map(event -> event.type()).toList());
            assertEquals(RunStatus.COMPLETED, status(stage, run));
        }
    }

    @Test
    void heartbeat_reachesTheRunsShard_andBringsTheCancelBack(TestStack stack) throws Exception {
        try (ApiStage stage = new ApiStage(stack)) {
            // Given
            makeTopics(stage, stack);
            RunId run = stage.start();
            send(stack, run, "echo");
            String base = base(lease(stage));

            // When
            HttpResponse<String> before = stage.post(base + "/heartbeat", null);
            stage.ledger.cancel(run, null);
            HttpResponse<String> after = stage.post(base + "/heartbeat", "{}");
            HttpResponse<String> stopped =
                    stage.post(base + "/fail", "{\"error\":{\"code\":\"cancelled\"}}");

            // Then
            assertEquals("{\"cancel_requested\":false}", before.body());
            assertEquals("{\"cancel_requested\":true}", after.body());
            assertEquals("{\"status\":\"cancelled\"}", stopped.body());
            String claimant = claimant(stage, run);
            assertTrue(claimant.startsWith("py-1."), claimant);
            Heartbeat sign = Heartbeat.of(claimant).orElseThrow();
            int shard = stage.ledger.run(run).orElseThrow().shard();
            assertEquals(List.of(sign, sign), heartbeats(stack, shard));
        }
    }

    @Test
    void attemptThatIsNotLive_isRefusedEverything(TestStack stack) throws Exception {
        try (ApiStage stage = new ApiStage(stack)) {
            // Given
            RunId run = stage.start();
            stage.ledger.claim(run, 1, "w@1");
            stage.ledger.fail(run, 1, "{\"code\":\"oops\"}", true);
            stage.ledger.claim(run, 2, "w@2");
            String stale = "/v1/tasks/" + run + "/1";
            long next = stage.ledger.run(run).orElseThrow().nextSeq();

            // When
            List<HttpResponse<String>> answers =
                    List.of(
                            stage.post(stale + "/heartbeat", null),
                            stage.post(stale + "/events", "{\"type\":\"a\"}"),
                            stage.post(stale + "/suspend", "{\"signal\":\"go\"}"),
                            stage.post(stale + "/complete", "{}"),
                            stage.post(stale + "/fail", "{\"error\":{\"code\":\"x\"}}"));

            // Then
            for (HttpResponse<String> answer : answers) {
                assertEquals(409, answer.statusCode(), answer.body());
                assertEquals("stale_attempt", ApiStage.json(answer).get("code").textValue());
            }
            assertEquals(next, stage.ledger.run(run).orElseThrow().nextSeq());
        }
    }

    @Test
    void attempt_givesItselfBackUntilASignalComes(TestStack stack) throws Exception {
        try (ApiStage stage = new ApiStage(stack)) {
            // Given
            RunId run = stage.start();
            stage.ledger.claim(run, 1, "w@1");
            String base = "/v1/tasks/" + run + "/1";
            stage.ledger.signal(run, "other", "1");

            // When
            String late = "{\"signal\":\"go\",\"next_seq\":2}";
            HttpResponse<String> unread = stage.post(base + "/suspend", late);
            HttpResponse<String> read =
                    stage.post(base + "/suspend", "{\"signal\":\"go\",\"next_seq\":3}");

            // Then
            assertEquals("{\"suspended\":false}", unread.body());
            assertEquals("{\"suspended\":true}", read.body());
            assertEquals(RunStatus.SUSPENDED, status(stage, run));
        }
    }

    @Test
    void failure_isRetriedUnlessItSaysOtherwise(TestStack stack) throws Exception {
        try (ApiStage stage = new ApiStage(stack)) {
            // Given
            RunId run = stage.start();
            stage.ledger.claim(run, 1, "w@1");

            // When
            HttpResponse<String> failed =
                    stage.post(
                            "/v1/tasks/" + run + "/1/fail",
                            "{\"error\":{\"code\":\"oops\", \"message\":\"no\"},\"retryable\":false}");

            // Then
            assertEquals("{\"status\":\"retrying\"}", failed.body());
            assertEquals(
                    "{\"error\":{\"code\":\"oops\", \"message\":\"no\"},\"retryable\":false}",
                    new String(
                            stage.ledger.events(run, 2, 1).getFirst().data(),
                            StandardCharsets.UTF_8));
        }
    }

    @Test
    void lease_withoutATask_endsWithNone(TestStack stack) throws Exception {
        try (ApiStage stage = new ApiStage(stack)) {
            // Given
            makeTopics(stage, stack);

            // When
            HttpResponse<String> none =
                    stage.post(LEASE, "{\"worker\":\"w\",\"handlers\":[\"sum\"],\"wait_ms\":0}");

            // Then
            assertEquals("{\"tasks\":[],\"heartbeat_ms\":3000}", none.body());
        }
    }

    @Test
    void lease_thatWaits_isEndedByTheServersStop(TestStack stack) throws Exception {
        // Given
        FutureTask<JsonNode> lease;
        try (ApiStage stage = new ApiStage(stack)) {
            makeTopics(stage, stack);
            lease = new FutureTask<>(() -> ApiStage.json(stage.post(LEASE, ASK)));
            Thread.ofVirtual().start(lease);
            awaitRegistered(stage, "sum");

            // When
            stage.server.close();

            // Then
            assertEquals(0, lease.get().get("tasks").size());
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            textBlock =
                    """
                    /v1/tasks/lease | {"handlers":["a"]}
                    /v1/tasks/lease | {"worker":"a b","handlers":["a"]}
                    /v1/tasks/lease | {"worker":"w"}
                    /v1/tasks/lease | {"worker":"w","handlers":[]}
                    /v1/tasks/lease | {"worker":"w","handlers":"a"}
                    /v1/tasks/lease | {"worker":"w","handlers":[1]}
                    /v1/tasks/lease | {"worker":"w","handlers":["a/b"]}
                    /v1/tasks/lease | {"worker":"w","handlers":["a"],"wait_ms":60001}
                    /v1/tasks/lease | {"worker":"w","handlers":["a"],"max":2}
                    /v1/tasks/RUN/0/heartbeat | {}
                    /v1/tasks/RUN/x/heartbeat | {}
                    /v1/tasks/RUN/9999999999/heartbeat | {}
                    /v1/tasks/RUN/1/suspend | {}
                    /v1/tasks/RUN/1/suspend | {"signal":"a b"}
                    /v1/tasks/RUN/1/suspend | {"until":"soon"}
                    /v1/tasks/RUN/1/suspend | {"children":"some"}
                    /v1/tasks/RUN/1/fail | {}
                    /v1/tasks/RUN/1/fail | {"error":"oops"}
                    /v1/tasks/RUN/1/fail | {"error":{"message":"oops"}}
                    /v1/tasks/RUN/1/fail | {"error":{"code":"oops"},"retryable":1}
                    /v1/tasks/RUN/1/complete | {"result":1}
                    /v1/tasks/RUN/1/heartbeat | {}
                    """)
    void badRequest_isRefused_andWritesNothing(String path, String body, TestStack stack)
            throws Exception {
        try (ApiStage stage = new ApiStage(stack)) {
            // Given
            RunId run = stage.start();
            stage.ledger.claim(run, 1, "nobody's session");

            // When
            HttpResponse<String> answer = stage.post(path.replace("RUN", run.toString()), body);

            // Then
            assertEquals(400, answer.statusCode(), answer.body());
            assertEquals("invalid_request", ApiStage.json(answer).get("code").textValue());
            assertEquals(2, stage.ledger.run(run).orElseThrow().nextSeq());
        }
    }

    /** From when on somebody has asked for its tasks. */
    private static void awaitRegistered(ApiStage stage, String handler) {
        while (true) {
            try {
                stage.ledger.start(StartRun.of(handler, "1"));
                return;
            } catch (OutrunException e) {
                assertEquals(ErrorCode.UNKNOWN_HANDLER, e.code());
            }
        }
    }

    private static JsonNode lease(ApiStage stage) throws IOException, InterruptedException {
        JsonNode answer = ApiStage.json(stage.post(LEASE, ASK));
        assertEquals(1, answer.get("tasks").size(), answer.toString());
        return answer.get("tasks").get(0);
    }

    private static String base(JsonNode task) {
        return "/v1/tasks/" + task.get("run").textValue() + "/" + task.get("attempt").intValue();
    }

    private static RunStatus status(ApiStage stage, RunId run) {
        return stage.ledger.run(run).orElseThrow().status();
    }

    private static String claimant(ApiStage stage, RunId run) throws IOException {
        return WireJson.mapper()
                .readTree(stage.ledger.events(run, 1, 1).getFirst().data())
                .get("worker")
                .textValue();
    }

    private static void makeTopics(ApiStage stage, TestStack stack) throws Exception {
        try (Admin admin = Admin.create(servers(stack))) {
            admin.createTopics(
                            List.of(
                                    new NewTopic(stack.topics().tasks(), 1, (short) 1),
                                    new NewTopic(
                                            stack.topics().heartbeats(),
                                            stage.ledger.shards(),
                                            (short) 1)))
                    .all()
                    .get();
        }
    }

    private static void send(TestStack stack, RunId run, String handler) throws Exception {
        Task task = new Task(run.toString(), 1, "default", "default", handler);
        try (KafkaProducer<byte[], byte[]> producer =
                new KafkaProducer<>(
                        servers(stack), new ByteArraySerializer(), new ByteArraySerializer())) {
            producer.send(new ProducerRecord<>(stack.topics().tasks(), WireJson.write(task))).get();
        }
    }

    private static List<Heartbeat> heartbeats(TestStack stack, int shard) {
        TopicPartition where = new TopicPartition(stack.topics().heartbeats(), shard);
        try (KafkaConsumer<byte[], byte[]> consumer =
                new KafkaConsumer<>(
                        servers(stack), new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
            consumer.assign(List.of(where));
            consumer.seekToBeginning(List.of(where));
            return consumer.poll(Duration.ofSeconds(30)).records(where).stream()
                    .map(record -> WireJson.read(record.value(), Heartbeat.class))
                    .toList();
        }
    }

    private static Map<String, Object> servers(TestStack stack) {
        return Map.of("bootstrap.servers", stack.bootstrapServers());
    }
}
