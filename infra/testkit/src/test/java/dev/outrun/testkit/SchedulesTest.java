package dev.outrun.testkit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import dev.outrun.ledger.Run;
import dev.outrun.ledger.RunQuery;
import dev.outrun.ledger.ScheduleState;
import dev.outrun.schema.event.Event;
import dev.outrun.schema.json.WireJson;
import dev.outrun.schema.run.RunId;
import dev.outrun.schema.run.RunStatus;
import dev.outrun.schema.run.Tenant;
import dev.outrun.server.cli.Main;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Schedules on the whole path: said on the command line, they start runs that run. */
@ExtendWith(OutrunExtension.class)
final class SchedulesTest {

    private static final long YEAR_MS = Duration.ofDays(366).toMillis();
    private static final Instant FAR_OFF = Instant.parse("2100-01-01T00:00:00Z");
    private static final List<String> FIRED =
            List.of("schedule.changed", "schedule.changed", "schedule.fired");

    @Test
    void occurrence_startsARunThatRuns(TestOutrun outrun) throws SQLException {
        // Given
        Instant at = Instant.ofEpochMilli(Instant.now().toEpochMilli());
        put(outrun, "--every-ms", YEAR_MS, "--starts-at", at);

        // When
        isStillToCome(outrun, "1 minute");

        // Then
        assertEquals(FIRED, scheduleLog(outrun));
        ScheduleState schedule = schedule(outrun);
        RunId id = Objects.requireNonNull(schedule.lastRun());
        outrun.awaitEnd(id);
        Run run = outrun.ledger().run(id).orElseThrow();
        assertEquals(at, schedule.lastAt());
        assertEquals(at, run.scheduledAt());
        assertEquals(RunStatus.COMPLETED, run.status());
        assertEquals("{\"n\":1}", run.output());
        LogAssert.assertSameLogEverywhere(outrun, id);
    }

    @Test
    void occurrences_thatWereMissed_fireOnce(TestOutrun outrun) throws SQLException {
        // Given
        Instant last = Instant.ofEpochMilli(Instant.now().toEpochMilli());
        put(outrun, "--every-ms", 600_000, "--starts-at", last.minus(Duration.ofHours(1)));

        // When: nobody has looked for an hour
        isStillToCome(outrun, "90 minutes");

        // Then
        assertEquals(FIRED, scheduleLog(outrun));
        assertEquals(last, schedule(outrun).lastAt());
        Run run = runs(outrun).getFirst();
        assertEquals(last, run.scheduledAt());
        outrun.awaitEnd(run.id());
        Event fired = outrun.ledger().events(schedule(outrun).log(), 2, 1).getFirst();
        assertEquals(6, WireJson.read(fired.data(), Map.class).get("missed"));
        assertEquals(1, runs(outrun).size());
    }

    @Test
    void schedule_pausedTriggeredAndDeleted_startsWhatIsAskedForOnly(TestOutrun outrun) {
        // Given: no minute that begins meanwhile is one of its own
        put(outrun, "--cron", "* * * * *", "--time-zone", "Europe/Berlin", "--starts-at", FAR_OFF);

        // When
        command(outrun, "pause", "nightly");
        command(outrun, "trigger", "nightly");
        command(outrun, "show", "nightly");
        command(outrun, "list");
        command(outrun, "delete", "nightly");

        // Then
        Run run = runs(outrun).getFirst();
        outrun.awaitEnd(run.id());
        assertEquals("nightly", run.schedule());
        assertNull(run.scheduledAt());
        assertEquals(1, runs(outrun).size());
        assertEquals(List.of(), outrun.ledger().schedules(Tenant.DEFAULT, null, 10));
    }

    private static void put(TestOutrun outrun, Object... recurrence) {
        List<String> words =
                new ArrayList<>(List.of("put", "nightly", "echo", "--input", "{\"n\":1}"));
        for (Object word : recurrence) {
            words.add(word.toString());
        }
        command(outrun, words.toArray(String[]::new));
    }

    private static ScheduleState schedule(TestOutrun outrun) {
        return outrun.ledger().schedule(Tenant.DEFAULT, "nightly").orElseThrow();
    }

    /** As if the schedule had been put so long ago, and nobody had seen to it since. */
    private static void isStillToCome(TestOutrun outrun, String interval) throws SQLException {
        try (Connection connection = outrun.stack().dataSource().getConnection();
                Statement statement = connection.createStatement()) {
            statement.execute(
                    "update outrun.schedule set after = after - interval '" + interval + "'");
            statement.execute("select outrun.changed_schedule(s) from outrun.schedule s");
        }
    }

    /** The types in the schedule's log, once it has fired. */
    private static List<String> scheduleLog(TestOutrun outrun) {
        RunId log = schedule(outrun).log();
        outrun.firehose(List.of(log), FIRED.size());
        return outrun.ledger().events(log, 0, 100).stream().map(Event::type).toList();
    }

    private static List<Run> runs(TestOutrun outrun) {
        return outrun.ledger().runs(RunQuery.all(Tenant.DEFAULT, 10));
    }

    private static void command(TestOutrun outrun, String... words) {
        List<String> all = new ArrayList<>(List.of("schedule"));
        all.addAll(List.of(words));
        all.addAll(List.of("--url", outrun.url().toString()));
        assertEquals(0, Main.run(all.toArray(String[]::new)), () -> all.toString());
    }
}
