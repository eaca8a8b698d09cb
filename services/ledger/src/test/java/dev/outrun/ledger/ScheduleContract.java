package dev.outrun.ledger;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outrun.schema.error.ErrorCode;
import dev.outrun.schema.error.OutrunException;
import dev.outrun.schema.event.Event;
import dev.outrun.schema.run.RunId;
import dev.outrun.schema.run.Tenant;
import dev.outrun.schema.schedule.ScheduleSettings;
import dev.outrun.schema.schedule.ScheduleSettings.CatchUp;
import dev.outrun.schema.work.Decision;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The ledger's contract about schedules: what is said of them, and what the engine decides. */
interface ScheduleContract extends LedgerContract {

    String NAME = "nightly";
    String RUN = "\"run\":{\"handler\":\"echo\",\"input\":{\"a\": 1},\"queue\":\"reports\"}";
    String CRON = "{\"cron\":\"0 2 * * *\",\"time_zone\":\"Europe/Berlin\"," + RUN + "}";
    String HOURLY = "{\"every_ms\":3600000," + RUN + "}";

    /** Later than anything that happens in a test. */
    Instant OCCURRENCE = Instant.parse("2100-01-02T03:00:00Z");

    @Test
    default void schedule_put_is_as_it_was_said() {
        // Given
        Tenant tenant = tenantWithHandler();

        // When
        ledger().putSchedule(tenant, NAME, CRON);

        // Then
        ScheduleSettings settings = schedule(tenant).settings();
        assertEquals(
                new ScheduleSettings(
                        tenant.name(),
                        NAME,
                        "0 2 * * *",
                        "Europe/Berlin",
                        null,
                        null,
                        null,
                        CatchUp.ONE,
                        false,
                        settings.after()),
                settings);
        assertNull(schedule(tenant).lastAt());
        assertEquals(List.of("0 schedule.changed"), scheduleLog(tenant));
    }

    @Test
    default void interval_begins_one_interval_after_it_was_put() {
        // Given
        Tenant tenant = tenantWithHandler();

        // When
        ledger().putSchedule(tenant, NAME, HOURLY);

        // Then: in whole milliseconds
        ScheduleSettings settings = schedule(tenant).settings();
        Instant first = settings.startsAt();
        assertEquals(
                settings.after().toEpochMilli() + 3_600_000,
                first == null ? 0 : first.toEpochMilli());
    }

    @Test
    default void schedule_put_again_as_it_is_changes_nothing() {
        // Given
        Tenant tenant = tenantWithHandler();
        ledger().putSchedule(tenant, NAME, HOURLY);
        ScheduleState before = schedule(tenant);

        // When
        ledger().putSchedule(tenant, NAME, HOURLY);

        // Then
        assertEquals(before, schedule(tenant));
        assertEquals(List.of("0 schedule.changed"), scheduleLog(tenant));
    }

    @Test
    default void schedule_put_with_another_run_keeps_its_times() {
        // Given
        Tenant tenant = tenantWithHandler();
        ledger().putSchedule(tenant, NAME, HOURLY);
        ScheduleState before = schedule(tenant);

        // When
        ledger().putSchedule(tenant, NAME, "{\"every_ms\":3600000,\"run\":{\"handler\":\"echo\"}}");

        // Then
        assertEquals(before.settings(), schedule(tenant).settings());
        assertEquals(List.of("0 schedule.changed", "1 schedule.changed"), scheduleLog(tenant));
    }

    @Test
    default void schedule_put_with_another_recurrence_misses_nothing_of_the_old_one() {
        // Given
        Tenant tenant = tenantWithHandler();
        ledger().putSchedule(tenant, NAME, HOURLY);
        ScheduleSettings before = schedule(tenant).settings();

        // When
        ledger().putSchedule(tenant, NAME, CRON);

        // Then
        ScheduleSettings after = schedule(tenant).settings();
        assertFalse(after.after().isBefore(before.after()));
        assertNull(after.everyMs());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "1",
                "{}",
                "{\"cron\":\"0 2 * * *\"}",
                "{\"run\":{\"handler\":\"echo\"}}",
                "{\"cron\":\"0 2 * * *\",\"every_ms\":5000,\"run\":{\"handler\":\"echo\"}}",
                "{\"every_ms\":5000,\"time_zone\":\"UTC\",\"run\":{\"handler\":\"echo\"}}",
                "{\"every_ms\":999,\"run\":{\"handler\":\"echo\"}}",
                "{\"every_ms\":\"5000\",\"run\":{\"handler\":\"echo\"}}",
                "{\"cron\":\"0 2 * *\",\"run\":{\"handler\":\"echo\"}}",
                "{\"cron\":\"60 2 * * *\",\"run\":{\"handler\":\"echo\"}}",
                "{\"cron\":\"0 5-2 * * *\",\"run\":{\"handler\":\"echo\"}}",
                "{\"cron\":\"*/0 * * * *\",\"run\":{\"handler\":\"echo\"}}",
                "{\"cron\":\"0 0 * foo *\",\"run\":{\"handler\":\"echo\"}}",
                "{\"cron\":\"0 0 1,,2 * *\",\"run\":{\"handler\":\"echo\"}}",
                "{\"cron\":\"@never\",\"run\":{\"handler\":\"echo\"}}",
                "{\"cron\":\"0 2 * * *\",\"time_zone\":\"Mars/Olympus\",\"run\":{\"handler\":\"echo\"}}",
                "{\"cron\":\"0 2 * * *\",\"time_zone\":\"+02:00\",\"run\":{\"handler\":\"echo\"}}",
                "{\"every_ms\":5000,\"starts_at\":\"soon\",\"run\":{\"handler\":\"echo\"}}",
                "{\"every_ms\":5000,\"catch_up\":\"two\",\"run\":{\"handler\":\"echo\"}}",
                "{\"every_ms\":5000,\"paused\":true,\"run\":{\"handler\":\"echo\"}}",
                "{\"every_ms\":5000,\"run\":{\"handler\":\"echo\",\"run_at\":null}}",
                "{\"every_ms\":5000,\"run\":{\"handler\":\"echo\",\"priority\":1001}}",
                "{\"every_ms\":5000,\"run\":{\"handler\":\"echo\",\"retry\":{\"max\":1}}}"
            })
    default void schedule_that_is_none_is_refused_and_is_not_made(String schedule) {
        Tenant tenant = tenantWithHandler();
        refuses(
                ErrorCode.INVALID_REQUEST,
                () -> ledger().putSchedule(tenant, NAME, schedule),
                tenant);
    }

    @Test
    default void schedule_of_an_unknown_handler_is_refused() {
        Tenant tenant = tenantWithHandler();
        refuses(
                ErrorCode.UNKNOWN_HANDLER,
                () ->
                        ledger().putSchedule(
                                        tenant,
                                        NAME,
                                        "{\"every_ms\":5000,\"run\":{\"handler\":\"nobody\"}}"),
                tenant);
    }

    @Test
    default void schedule_with_a_bad_name_is_refused() {
        Tenant tenant = tenantWithHandler();
        refuses(
                ErrorCode.INVALID_REQUEST,
                () -> ledger().putSchedule(tenant, "A b", HOURLY),
                tenant);
    }

    @Test
    default void occurrence_that_is_due_starts_the_run() {
        // Given
        Tenant tenant = tenantWithHandler();
        ledger().putSchedule(tenant, NAME, HOURLY);

        // When
        boolean recorded = ledger().record(fire(tenant, 0, OCCURRENCE, 2));

        // Then
        assertTrue(recorded);
        ScheduleState state = schedule(tenant);
        RunId id = state.lastRun();
        Run run = ledger().run(Objects.requireNonNull(id)).orElseThrow();
        assertEquals(OCCURRENCE, state.lastAt());
        assertEquals(OCCURRENCE, state.settings().after());
        assertEquals(NAME, run.schedule());
        assertEquals(OCCURRENCE, run.scheduledAt());
        assertEquals("reports", run.queue());
        assertEquals(tenant, run.tenant());
        assertEquals(
                "0 0 run.requested {\"handler\":\"echo\",\"queue\":\"reports\",\"tenant\":\""
                        + tenant.name()
                        + "\",\"schedule\":\"nightly\","
                        + "\"scheduled_at\":\"2100-01-02T03:00:00.000000Z\",\"input\":"
                        + run.input()
                        + "}",
                log(run.id()).getFirst());
        assertEquals(
                "1 schedule.fired {\"at\":\"2100-01-02T03:00:00.000000Z\",\"run\":\""
                        + run.id()
                        + "\",\"missed\":2}",
                scheduleLogWithData(tenant).getLast());
        assertEquals(List.of(run.id()), runsOf(tenant));
    }

    @Test
    default void occurrence_fires_once_however_often_and_late_it_is_said() {
        // Given
        Tenant tenant = tenantWithHandler();
        ledger().putSchedule(tenant, NAME, HOURLY);
        Decision first = fire(tenant, 0, OCCURRENCE, 0);
        Decision earlier = fire(tenant, 0, OCCURRENCE.minusSeconds(3_600), 0);

        // When, Then
        assertTrue(ledger().record(first));
        assertFalse(ledger().record(first));
        assertFalse(ledger().record(earlier));
        assertEquals(1, runsOf(tenant).size());
    }

    @Test
    default void decision_by_settings_of_before_records_nothing() {
        // Given
        Tenant tenant = tenantWithHandler();
        ledger().putSchedule(tenant, NAME, HOURLY);
        Decision stale = fire(tenant, 0, OCCURRENCE, 0);

        // When
        ledger().putSchedule(tenant, NAME, CRON);

        // Then
        assertFalse(ledger().record(stale));
        assertTrue(ledger().record(fire(tenant, 1, OCCURRENCE, 0)));
    }

    @Test
    default void occurrences_that_are_skipped_are_no_longer_to_come() {
        // Given
        Tenant tenant = tenantWithHandler();
        ledger().putSchedule(tenant, NAME, HOURLY);
        String log = schedule(tenant).log().toString();

        // When
        boolean recorded = ledger().record(new Decision.Skip(log, 0, OCCURRENCE, 7));

        // Then
        assertTrue(recorded);
        assertFalse(ledger().record(new Decision.Skip(log, 0, OCCURRENCE, 7)));
        assertFalse(ledger().record(fire(tenant, 0, OCCURRENCE, 0)));
        assertEquals(
                "1 schedule.skipped {\"at\":\"2100-01-02T03:00:00.000000Z\",\"missed\":7}",
                scheduleLogWithData(tenant).getLast());
        assertNull(schedule(tenant).lastAt());
        assertEquals(List.of(), runsOf(tenant));
    }

    @Test
    default void paused_schedule_starts_nothing_and_catches_up_with_nothing() {
        // Given
        Tenant tenant = tenantWithHandler();
        ledger().putSchedule(tenant, NAME, HOURLY);
        Instant before = schedule(tenant).settings().after();

        // When, Then
        assertTrue(ledger().pauseSchedule(tenant, NAME));
        assertFalse(ledger().pauseSchedule(tenant, NAME));
        assertTrue(schedule(tenant).settings().paused());
        assertFalse(ledger().record(fire(tenant, 1, OCCURRENCE, 0)));
        ledger().putSchedule(tenant, NAME, CRON);
        assertTrue(schedule(tenant).settings().paused(), "putting it does not resume it");
        assertTrue(ledger().resumeSchedule(tenant, NAME));
        assertFalse(ledger().resumeSchedule(tenant, NAME));
        assertFalse(schedule(tenant).settings().after().isBefore(before));
        assertTrue(ledger().record(fire(tenant, 3, OCCURRENCE, 0)));
    }

    @Test
    default void deleted_schedule_is_gone_and_may_be_made_anew() {
        // Given
        Tenant tenant = tenantWithHandler();
        ledger().putSchedule(tenant, NAME, HOURLY);
        Decision stale = fire(tenant, 0, OCCURRENCE, 0);

        // When
        ledger().deleteSchedule(tenant, NAME);

        // Then
        assertEquals(Optional.empty(), ledger().schedule(tenant, NAME));
        assertFalse(ledger().record(stale));
        ledger().putSchedule(tenant, NAME, HOURLY);
        assertFalse(ledger().record(stale), "another log, another schedule");
        assertEquals(List.of("0 schedule.changed"), scheduleLog(tenant));
    }

    @Test
    default void schedule_triggered_starts_its_run_out_of_turn() {
        // Given
        Tenant tenant = tenantWithHandler();
        ledger().putSchedule(tenant, NAME, HOURLY);
        ScheduleState before = schedule(tenant);

        // When
        RunId id = ledger().triggerSchedule(tenant, NAME);

        // Then
        Run run = ledger().run(id).orElseThrow();
        assertEquals(NAME, run.schedule());
        assertNull(run.scheduledAt());
        assertEquals(before, schedule(tenant));
    }

    @Test
    default void schedule_nobody_has_made_is_unknown() {
        Tenant tenant = newTenant();
        for (Executable call :
                List.<Executable>of(
                        () -> ledger().pauseSchedule(tenant, NAME),
                        () -> ledger().resumeSchedule(tenant, NAME),
                        () -> ledger().triggerSchedule(tenant, NAME),
                        () -> ledger().deleteSchedule(tenant, NAME))) {
            refuses(ErrorCode.UNKNOWN_SCHEDULE, call, tenant);
        }
        assertEquals(Optional.empty(), ledger().schedule(tenant, NAME));
    }

    @Test
    default void schedules_are_listed_by_name_a_page_at_a_time() {
        // Given
        Tenant tenant = tenantWithHandler();
        for (String name : List.of("c", "a", "b")) {
            ledger().putSchedule(tenant, name, HOURLY);
        }

        // When
        List<ScheduleState> first = ledger().schedules(tenant, null, 2);
        List<ScheduleState> second = ledger().schedules(tenant, "b", 2);

        // Then
        assertEquals(List.of("a", "b"), names(first));
        assertEquals(List.of("c"), names(second));
    }

    private static List<String> names(List<ScheduleState> schedules) {
        return schedules.stream().map(each -> each.settings().schedule()).toList();
    }

    private Tenant tenantWithHandler() {
        ledger().registerHandlers(List.of(HANDLER));
        return newTenant();
    }

    private ScheduleState schedule(Tenant tenant) {
        return ledger().schedule(tenant, NAME).orElseThrow();
    }

    private Decision fire(Tenant tenant, long changed, Instant at, long missed) {
        return new Decision.Fire(schedule(tenant).log().toString(), changed, at, missed);
    }

    private List<String> scheduleLog(Tenant tenant) {
        return events(tenant).stream().map(event -> event.seq() + " " + event.type()).toList();
    }

    private List<String> scheduleLogWithData(Tenant tenant) {
        return events(tenant).stream()
                .map(event -> event.seq() + " " + event.type() + " " + LedgerContract.data(event))
                .toList();
    }

    private List<Event> events(Tenant tenant) {
        return ledger().events(schedule(tenant).log(), 0, 1_000);
    }

    private List<RunId> runsOf(Tenant tenant) {
        var query = new RunQuery(tenant, null, null, null, null, NAME, null, 10);
        return ledger().runs(query).stream().map(Run::id).toList();
    }

    /** The call is refused with this code, and the tenant has no schedule and no run. */
    private void refuses(ErrorCode code, Executable call, Tenant tenant) {
        OutrunException refusal = assertThrows(OutrunException.class, call);
        assertEquals(code, refusal.code(), refusal.getMessage());
        assertEquals(List.of(), ledger().schedules(tenant, null, 10));
        assertEquals(List.of(), ledger().runs(RunQuery.all(tenant, 10)));
    }
}
