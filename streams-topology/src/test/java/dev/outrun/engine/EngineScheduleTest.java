package dev.outrun.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.outrun.engine.run.TestLog;
import dev.outrun.schema.work.Decision;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;

/** Schedules, stepped: what is said of them in their logs, and what is decided as time goes by. */
final class EngineScheduleTest {

    private static final Duration GRAIN = Duration.ofMillis(10);
    private static final Instant START = EngineScenario.START;
    private static final String EVERY_10_S =
            "\"every_ms\":10000,\"starts_at\":\"" + START.plusSeconds(10) + "\"";

    @AutoClose private final EngineScenario engine = new EngineScenario();
    private final TestLog schedule = engine.log("schedule");

    @Test
    void occurrence_isDecidedWhenItIsDue_andTheNextOneAfterIt() {
        // Given
        changed(EVERY_10_S, "one");

        // When / Then
        engine.advance(Duration.ofMillis(9_990));
        assertEquals(List.of(), engine.decisions());
        engine.advance(GRAIN);
        assertEquals(List.of(fire(0, 10, 0)), engine.decisions());
        fired(10);
        engine.advance(Duration.ofSeconds(10));
        assertEquals(List.of(fire(0, 20, 0)), engine.decisions());
    }

    @Test
    void cron_isDecidedByTheClockOfItsTimeZone() {
        // Given: 03:04:05 in Greenwich is 04:04:05 in Berlin
        changed("\"cron\":\"5 4 * * *\",\"time_zone\":\"Europe/Berlin\"", "one");

        // When
        engine.advance(Duration.ofSeconds(55));

        // Then
        assertEquals(List.of(fire(0, 55, 0)), engine.decisions());
    }

    @Test
    void decision_thatIsNotRecorded_isSaidAgain() {
        // Given
        changed(EVERY_10_S, "one");
        engine.advance(Duration.ofSeconds(10));
        engine.hush();

        // When / Then: unless another one has become due meanwhile, it is the same
        engine.advance(Duration.ofSeconds(5));
        assertEquals(List.of(fire(0, 10, 0)), engine.decisions());
        fired(10);
        engine.advance(Duration.ofSeconds(4));
        assertEquals(List.of(), engine.decisions());
    }

    @Test
    void one_ofThoseThatWereMissed_isTheLatest() {
        // Given
        changed(EVERY_10_S, "one");

        // When: nobody looks for five minutes
        engine.advanceAtOnce(Duration.ofSeconds(305));

        // Then
        assertEquals(List.of(fire(0, 300, 29)), engine.decisions());
        fired(300);
        engine.advance(Duration.ofSeconds(5));
        assertEquals(List.of(fire(0, 310, 0)), engine.decisions());
    }

    @Test
    void all_thatWereMissed_comeOneAfterTheOther() {
        // Given
        changed(EVERY_10_S, "all");

        // When
        engine.advanceAtOnce(Duration.ofSeconds(35));

        // Then
        for (int seconds = 10; seconds <= 30; seconds += 10) {
            assertEquals(List.of(fire(0, seconds, 0)), engine.decisions());
            fired(seconds);
            engine.advance(GRAIN);
        }
        assertEquals(List.of(), engine.decisions());
    }

    @Test
    void skip_ofThoseThatWereMissed_isAllButOneThatIsHardlyLate() {
        // Given
        changed(EVERY_10_S, "skip");

        // When
        engine.advanceAtOnce(Duration.ofSeconds(305));

        // Then
        assertEquals(List.of(fire(0, 300, 29)), engine.decisions());
    }

    @Test
    void skip_ofOneThatIsMoreThanAMinuteLate_startsNothing() {
        // Given
        changed("\"every_ms\":86400000,\"starts_at\":\"" + START.plusSeconds(10) + "\"", "skip");

        // When
        engine.advanceAtOnce(Duration.ofSeconds(71));

        // Then
        assertEquals(
                List.of(new Decision.Skip(schedule.run().toString(), 0, START.plusSeconds(10), 1)),
                engine.decisions());
        schedule.write(
                "schedule.skipped", "{\"at\":\"" + START.plusSeconds(10) + "\",\"missed\":1}");
        engine.advance(Duration.ofMinutes(10));
        assertEquals(List.of(), engine.decisions());
    }

    @Test
    void paused_decidesNothing_andResumedDoesNotCatchUp() {
        // Given
        changed(EVERY_10_S, "all");
        changed(EVERY_10_S + ",\"paused\":true", "all");
        engine.advance(Duration.ofSeconds(25));
        assertEquals(List.of(), engine.decisions());

        // When
        changed(EVERY_10_S, "all");

        // Then
        engine.advance(Duration.ofSeconds(5));
        assertEquals(List.of(fire(2, 30, 0)), engine.decisions());
    }

    @Test
    void changed_isDecidedByWhatItIsNow() {
        // Given
        changed(EVERY_10_S, "one");

        // When
        changed("\"every_ms\":60000,\"starts_at\":\"" + START.plusSeconds(7) + "\"", "one");

        // Then
        engine.advance(Duration.ofSeconds(10));
        assertEquals(List.of(fire(1, 7, 0)), engine.decisions());
    }

    @Test
    void ended_decidesNothingAnyMore() {
        // Given
        changed(EVERY_10_S + ",\"ends_at\":\"" + START.plusSeconds(15) + "\"", "one");

        // When
        engine.advance(Duration.ofSeconds(10));
        fired(10);
        engine.hush();
        engine.advance(Duration.ofMinutes(5));

        // Then
        assertEquals(List.of(), engine.decisions());
    }

    @Test
    void deleted_decidesNothingAnyMore() {
        // Given
        changed(EVERY_10_S, "one");

        // When
        schedule.write("schedule.deleted", "{}");
        engine.advance(Duration.ofMinutes(5));

        // Then
        assertEquals(List.of(), engine.decisions());
    }

    @Test
    void eventOfAScheduleThatCannotBeRead_changesNothing() {
        // Given
        changed(EVERY_10_S, "one");

        // When
        schedule.write("schedule.changed", "{\"cron\":\"nonsense\"}");
        schedule.write("schedule.fired", "{}");
        schedule.write("something.else", "{}");

        // Then
        engine.advance(Duration.ofSeconds(10));
        assertEquals(List.of(fire(0, 10, 0)), engine.decisions());
    }

    private void changed(String recurrence, String catchUp) {
        schedule.write(
                "schedule.changed",
                "{\"tenant\":\"t\",\"schedule\":\"s\","
                        + recurrence
                        + ",\"catch_up\":\""
                        + catchUp
                        + "\",\"after\":\""
                        + engine.instant()
                        + "\"}");
    }

    private void fired(int seconds) {
        schedule.write(
                "schedule.fired", "{\"at\":\"" + START.plusSeconds(seconds) + "\",\"missed\":0}");
    }

    private Decision fire(long changed, int seconds, long missed) {
        return new Decision.Fire(
                schedule.run().toString(), changed, START.plusSeconds(seconds), missed);
    }
}
