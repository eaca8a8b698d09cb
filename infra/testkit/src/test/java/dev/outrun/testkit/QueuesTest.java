package dev.outrun.testkit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outrun.ledger.StartRun;
import dev.outrun.schema.error.ErrorCode;
import dev.outrun.schema.error.OutrunException;
import dev.outrun.schema.event.Event;
import dev.outrun.schema.json.WireJson;
import dev.outrun.schema.queue.QueueSettings;
import dev.outrun.schema.run.RunId;
import dev.outrun.schema.run.RunStatus;
import dev.outrun.schema.run.Tenant;
import dev.outrun.schema.topic.RecordHeaders;
import dev.outrun.server.cli.Main;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.admin.Admin;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Queues on the whole path: what is said of them over HTTP and on the command line holds. */
@ExtendWith(OutrunExtension.class)
final class QueuesTest {

    @Test
    void queue_ofOneAtATime_runsByPriorityAndNeverTwoAtOnce(TestOutrun outrun) {
        // Given
        command(outrun, "limit", "mail", "--concurrency", "1", "--rate", "1000/1000");
        command(outrun, "pause", "mail");
        List<RunId> runs = new ArrayList<>();
        for (int priority : List.of(1, 3, 2, 3)) {
            runs.add(start(outrun, "mail", priority));
        }

        // When
        command(outrun, "resume", "mail");
        runs.forEach(outrun::awaitEnd);

        // Then
        List<RunId> byStart = new ArrayList<>(runs);
        byStart.sort(Comparator.comparing(run -> started(outrun, run)));
        assertEquals(List.of(runs.get(1), runs.get(3), runs.get(2), runs.get(0)), byStart);
        Instant before = Instant.MIN;
        for (RunId run : byStart) {
            assertEquals(
                    1, Integer.signum(started(outrun, run).compareTo(before)), "one at a time");
            before = outrun.ledger().run(run).orElseThrow().finishedAt();
        }
    }

    @Test
    void queue_obliterated_endsWhatRunsAndWhatWaits(TestOutrun outrun) {
        // Given
        command(outrun, "limit", "mail", "--concurrency", "1");
        RunId running = outrun.ledger().start(inMail("sleeper"));
        outrun.drain();
        RunId waiting = outrun.ledger().start(inMail("sleeper"));
        RunId other = outrun.ledger().start(StartRun.of("echo", "1"));

        // When
        command(outrun, "obliterate", "mail");

        // Then
        outrun.awaitEnd(running);
        outrun.awaitEnd(waiting);
        outrun.awaitEnd(other);
        assertEquals(RunStatus.CANCELLED, status(outrun, running));
        assertEquals(RunStatus.CANCELLED, status(outrun, waiting));
        assertEquals(RunStatus.COMPLETED, status(outrun, other));
    }

    @Test
    void topiclessRun_isReadLikeAnyOther_butHasNoTopic(TestOutrun outrun) throws Exception {
        // Given
        command(outrun, "limit", "mail", "--run-topics", "none");

        // When
        RunId run = start(outrun, "mail", 0);
        List<Event> log = outrun.awaitEnd(run);

        // Then
        var shown = outrun.api().get("/v1/runs/" + run);
        assertEquals("completed", shown.get("status").asText());
        assertTrue(shown.get("topicless").asBoolean());
        var page = outrun.api().get("/v1/runs/" + run + "/events").get("events");
        assertEquals(log.size(), page.size());
        List<Event> live =
                outrun.firehose(List.of(run), log.size()).stream()
                        .map(RecordHeaders::read)
                        .toList();
        assertEquals(LogAssert.envelopes(log), LogAssert.envelopes(live));
        outrun.drain();
        Map<String, Object> kafka = Map.of("bootstrap.servers", outrun.stack().bootstrapServers());
        try (Admin admin = Admin.create(kafka)) {
            String topic = outrun.stack().topics().run(Tenant.DEFAULT, run);
            assertFalse(admin.listTopics().names().get().contains(topic), topic);
        }
    }

    @Test
    void queuesLog_isPublishedAsARunsIs_butIsNoRun(TestOutrun outrun) {
        // Given
        command(outrun, "pause", "mail");
        command(outrun, "limit", "mail", "--concurrency", "2", "--order", "lifo");

        // When
        outrun.drain();
        List<Event> log = new ArrayList<>();
        outrun.firehose(List.of(), 2).forEach(record -> log.add(RecordHeaders.read(record)));

        // Then
        assertEquals(
                List.of("0 queue.changed", "1 queue.changed"),
                log.stream().map(event -> event.seq() + " " + event.type()).toList());
        QueueSettings settings = WireJson.read(log.getLast().data(), QueueSettings.class);
        assertEquals(outrun.ledger().queue("mail").settings(), settings);
        OutrunException refused =
                assertThrows(
                        OutrunException.class,
                        () -> outrun.api().get("/v1/runs/" + log.getFirst().run()));
        assertEquals(ErrorCode.UNKNOWN_RUN, refused.code());
    }

    private static StartRun inMail(String handler) {
        return StartRun.with(handler, "1").queue("mail").build();
    }

    private static RunId start(TestOutrun outrun, String queue, int priority) {
        var more =
                WireJson.mapper().createObjectNode().put("queue", queue).put("priority", priority);
        return RunId.parse(outrun.api().start("echo", "1", more).get("id").asText());
    }

    private static RunStatus status(TestOutrun outrun, RunId run) {
        return outrun.ledger().run(run).orElseThrow().status();
    }

    private static Instant started(TestOutrun outrun, RunId run) {
        return outrun.ledger().events(run, 0, 10).stream()
                .filter(event -> event.type().equals("run.attempt.started"))
                .map(Event::time)
                .findFirst()
                .orElseThrow();
    }

    private static void command(TestOutrun outrun, String... words) {
        List<String> all = new ArrayList<>(List.of("queue"));
        all.addAll(List.of(words));
        all.addAll(List.of("--url", outrun.url().toString()));
        assertEquals(0, Main.run(all.toArray(String[]::new)), () -> all.toString());
    }
}
