package dev.outrun.testkit;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.databind.JsonNode;
import com.networknt.schema.JsonSchema;
import com.networknt.schema.JsonSchemaFactory;
import com.networknt.schema.SpecVersion.VersionFlag;
import dev.outrun.ledger.Ledger;
import dev.outrun.ledger.RunQuery;
import dev.outrun.ledger.StartRun;
import dev.outrun.ledger.Wake;
import dev.outrun.schema.event.Event;
import dev.outrun.schema.json.WireJson;
import dev.outrun.schema.run.RunId;
import dev.outrun.schema.run.Tenant;
import dev.outrun.schema.work.Decision;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** The JSON Schemas say what real events are. */
@ExtendWith(OutrunExtension.class)
final class JsonSchemasTest {

    private final JsonSchemaFactory schemas = JsonSchemaFactory.getInstance(VersionFlag.V202012);

    @Test
    void eventsOfEveryPlatformType_areAsTheirSchemasSay(TestOutrun outrun) throws IOException {
        // Given
        RunId retried = outrun.start("flaky", "{}");
        RunId failed = outrun.start("chat-demo", "{\"rate\":-1}");
        RunId cancelled = outrun.start("sleeper", "null");
        outrun.api().cancel(cancelled.toString(), "for the test");
        RunId suspended = suspendedAndSignalled(outrun);
        RunId flow =
                outrun.ledger()
                        .startFlow(
                                Tenant.DEFAULT,
                                "{\"handler\":\"echo\",\"children\":[{\"handler\":\"echo\"}]}");
        RunId forked = outrun.ledger().fork(suspended, 1, null);

        // When
        Set<String> seen = new TreeSet<>();
        for (RunId run : List.of(retried, failed, cancelled, suspended, forked, flow)) {
            for (Event event : outrun.awaitEnd(run)) {
                seen.add(event.type());
                assertValid("envelope", WireJson.mapper().readTree(event.envelope()));
                if (event.type().startsWith("run.")) {
                    assertValid(event.type(), WireJson.mapper().readTree(event.data()));
                }
            }
        }

        // Then
        seen.removeIf(type -> !type.startsWith("run."));
        assertEquals(
                Set.of(
                        "run.requested",
                        "run.attempt.started",
                        "run.attempt.failed",
                        "run.retry.scheduled",
                        "run.forked",
                        "run.child.started",
                        "run.child.ended",
                        "run.suspended",
                        "run.signal.received",
                        "run.resumed",
                        "run.cancel.requested",
                        "run.completed",
                        "run.failed",
                        "run.cancelled"),
                seen);
    }

    @Test
    void step_isAsItsSchemaSays() throws IOException {
        try (SteppedOutrun outrun =
                SteppedOutrun.with(Map.of("it", (run, input) -> run.step("plan", () -> "go")))
                        .open()) {
            // When
            RunId run = outrun.start("it", "1");
            outrun.settle();

            // Then
            Event step = outrun.log(run).get(2);
            assertEquals("step.completed", step.type());
            assertValid(step.type(), WireJson.mapper().readTree(step.data()));
        }
    }

    @Test
    void eventsOfASchedule_areAsTheirSchemasSay(TestOutrun outrun) throws IOException {
        // Given: what the engine decides, said in its place
        Ledger ledger = outrun.ledger();
        for (String recurrence :
                List.of(
                        "\"cron\":\"0 0 1 1 *\",\"ends_at\":\"2200-01-01T00:00:00Z\"",
                        "\"every_ms\":31622400000")) {
            String schedule = "{" + recurrence + ",\"run\":{\"handler\":\"echo\"}}";
            ledger.putSchedule(Tenant.DEFAULT, "s", schedule);
        }
        RunId log = ledger.schedule(Tenant.DEFAULT, "s").orElseThrow().log();
        Instant at = Instant.parse("2100-01-01T00:00:00Z");
        ledger.record(new Decision.Fire(log.toString(), 1, at, 3));
        ledger.record(new Decision.Skip(log.toString(), 1, at.plusSeconds(1), 3));
        ledger.deleteSchedule(Tenant.DEFAULT, "s");

        // When
        List<Event> events = ledger.events(log, 0, 100);

        // Then
        for (Event event : events) {
            assertValid(event.type(), WireJson.mapper().readTree(event.data()));
        }
        assertEquals(
                List.of(
                        "schedule.changed",
                        "schedule.changed",
                        "schedule.fired",
                        "schedule.skipped",
                        "schedule.deleted"),
                events.stream().map(Event::type).toList());
        RunId started = ledger.runs(RunQuery.all(Tenant.DEFAULT, 1)).getFirst().id();
        Event requested = outrun.awaitEnd(started).getFirst();
        assertValid("run.requested", WireJson.mapper().readTree(requested.data()));
    }

    /** A run of every setting that this test suspends in the place of a worker. */
    private static RunId suspendedAndSignalled(TestOutrun outrun) {
        Ledger ledger = outrun.ledger();
        RunId run =
                ledger.start(
                        StartRun.with("echo", "1")
                                .queue("by-hand")
                                .runAt(Instant.now().plus(Duration.ofHours(1)))
                                .retry(
                                        "{\"delays_ms\":[1],\"jitter\":0.5,\"non_retryable\":[\"x\"]}")
                                .priority(1)
                                .concurrencyKey("k")
                                .timeoutMs(7_200_000L)
                                .attemptTimeoutMs(7_200_000L)
                                .build());
        ledger.claim(run, 1, "by hand");
        ledger.suspend(
                run, 1, new Wake(Instant.now().plus(Duration.ofHours(1)), "go-on", null), null);
        ledger.signal(run, "go-on", "{}");
        return run;
    }

    @Test
    void windows_ofTheTopic_areAsTheirSchemasSay(TestOutrun outrun) throws IOException {
        // Given
        outrun.awaitEnd(outrun.start("flaky", "{}"));

        // When
        var window = outrun.windows(1).getFirst();

        // Then
        assertValid("analytics.window.key", WireJson.mapper().readTree(window.key()));
        assertValid("analytics.window", WireJson.mapper().readTree(window.value()));
    }

    private void assertValid(String name, JsonNode value) throws IOException {
        try (InputStream in = Event.class.getResourceAsStream("/schemas/" + name + ".json")) {
            JsonSchema schema = schemas.getSchema(Objects.requireNonNull(in, name));
            assertEquals(Set.of(), schema.validate(value), name + ": " + value);
        }
    }
}
