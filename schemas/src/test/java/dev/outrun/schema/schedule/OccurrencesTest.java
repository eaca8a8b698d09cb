package dev.outrun.schema.schedule;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outrun.schema.schedule.ScheduleSettings.CatchUp;
import java.time.Instant;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class OccurrencesTest {

    private static final Instant FIRST = Instant.parse("2026-01-01T00:00:00.250Z");

    @ParameterizedTest
    @CsvSource({
        "'0 2 * * *', 2026-06-01T02:00, 2026-06-02T02:00",
        "'*/20 * * * *', 2026-06-01T00:20, 2026-06-01T00:40",
        "'5/25 * * * *', 2026-06-01T00:05, 2026-06-01T00:30",
        "'1-2,50-54/2 3 * * *', 2026-06-01T03:01, 2026-06-01T03:02",
        "'0 9 * * mon-fri', 2026-06-01T09:00, 2026-06-02T09:00",
        "'0 0 * * 7', 2026-06-07T00:00, 2026-06-14T00:00",
        "'0 0 * * 0', 2026-06-07T00:00, 2026-06-14T00:00",
        "'0 0 31 * *', 2026-07-31T00:00, 2026-08-31T00:00",
        "'0 0 29 FEB *', 2028-02-29T00:00, 2032-02-29T00:00",
        "'0 0 13 * fri', 2026-06-05T00:00, 2026-06-12T00:00",
        "@hourly, 2026-06-01T01:00, 2026-06-01T02:00",
        "@weekly, 2026-06-07T00:00, 2026-06-14T00:00",
        "@monthly, 2026-07-01T00:00, 2026-08-01T00:00",
        "@yearly, 2027-01-01T00:00, 2028-01-01T00:00",
    })
    void cron_comesByTheClockOfItsTimeZone(String cron, String first, String second) {
        Occurrences occurrences = cron(cron, "America/New_York");
        assertEquals(
                List.of(first, second),
                local(occurrences, "2026-06-01T04:00:00Z", 2, "America/New_York"));
    }

    @Test
    void cron_onADayWithoutItsTime_doesNotCome() {
        assertEquals(
                List.of("2026-03-28T02:30", "2026-03-30T02:30"),
                local(cron("30 2 * * *", "Europe/Berlin"), "2026-03-27T12:00:00Z", 2));
    }

    @Test
    void cron_atATimeThatComesTwice_comesOnce() {
        assertEquals(
                List.of("2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z"),
                times(cron("30 2 * * *", "Europe/Berlin"), "2026-10-24T12:00:00Z", 2));
    }

    @Test
    void cron_ofEveryHour_comesInBothHoursThatAreCalledTwo() {
        assertEquals(
                List.of("2026-10-25T00:00:00Z", "2026-10-25T01:00:00Z", "2026-10-25T02:00:00Z"),
                times(cron("@hourly", "Europe/Berlin"), "2026-10-24T23:30:00Z", 3));
    }

    @Test
    void cron_ofADayThatNeverIs_neverComes() {
        Occurrences occurrences = cron("0 0 30 2 *", "UTC");
        assertNull(occurrences.next(FIRST));
        assertEquals(0, occurrences.count(FIRST, FIRST.plusSeconds(1), 10));
    }

    @ParameterizedTest
    @CsvSource({
        "'0 2 * *', UTC",
        "'60 2 * * *', UTC",
        "'0 0 * foo *', UTC",
        "@never, UTC",
        "'0 2 * * *', Mars/Olympus"
    })
    void cron_thatIsNone_isRefused(String cron, String zone) {
        assertThrows(IllegalArgumentException.class, () -> cron(cron, zone));
    }

    @Test
    void interval_countsFromItsStart() {
        Occurrences occurrences = every(1_500, FIRST, null);
        assertEquals(FIRST, occurrences.next(FIRST.minusSeconds(99)));
        assertEquals(FIRST.plusMillis(1_500), occurrences.next(FIRST));
        assertEquals(FIRST.plusMillis(3_000), occurrences.next(FIRST.plusMillis(1_500)));
        assertNull(occurrences.last(FIRST.minusNanos(1)));
        assertEquals(FIRST, occurrences.last(FIRST));
        assertEquals(FIRST, occurrences.last(FIRST.plusMillis(1_499)));
    }

    @Test
    void occurrences_areWithinTheirBounds() {
        // Given
        Instant end = FIRST.plusMillis(3_000);
        Occurrences interval = every(1_500, FIRST, end);

        // When, Then: both bounds are included
        assertEquals(end, interval.next(FIRST.plusMillis(1_500)));
        assertNull(interval.next(end));
        assertEquals(end, interval.last(end.plusSeconds(99)));
        assertEquals(3, interval.count(FIRST.minusNanos(1), end.plusSeconds(99), 10));
        assertNull(every(1_500, FIRST, FIRST.minusSeconds(1)).next(FIRST.minusSeconds(9)));
    }

    @Test
    void cron_comesNotBeforeItsStart() {
        Occurrences occurrences =
                Occurrences.of(settings("@hourly", "UTC", null, FIRST.plusSeconds(7_200), null));
        assertEquals(Instant.parse("2026-01-01T03:00:00Z"), occurrences.next(FIRST));
        assertNull(occurrences.last(FIRST.plusSeconds(7_100)));
    }

    @Test
    void random_occurrences_agreeWithEachOther() {
        for (int seed = 0; seed < 300; seed++) {
            Random random = new Random(seed);
            String cron = randomCron(random);
            Occurrences occurrences =
                    random.nextInt(4) == 0
                            ? every(1_000 + random.nextInt(100_000_000), FIRST, null)
                            : cron(cron, random.nextBoolean() ? "UTC" : "America/New_York");
            Instant from = FIRST.plusMillis(random.nextInt(Integer.MAX_VALUE));
            List<Instant> some = new ArrayList<>();
            Instant next = occurrences.next(from);
            for (; next != null && some.size() < 5; next = occurrences.next(next)) {
                some.add(next);
            }
            String what = "seed " + seed + " " + cron + " " + some;
            for (int i = 0; i < some.size(); i++) {
                Instant time = some.get(i);
                assertTrue(time.isAfter(i == 0 ? from : some.get(i - 1)), what);
                assertEquals(time, occurrences.next(time.minusMillis(1)), what);
                assertEquals(time, occurrences.last(time), what);
                assertEquals(time, occurrences.last(time.plusMillis(1)), what);
                assertEquals(i + 1, occurrences.count(from, time, 10), what);
                assertEquals(Math.min(2, i + 1), occurrences.count(from, time, 2), what);
            }
        }
    }

    private static String randomCron(Random random) {
        return field(random, 0, 59)
                + " "
                + field(random, 0, 23)
                + " "
                + (random.nextBoolean() ? "*" : field(random, 1, 28))
                + " "
                + (random.nextBoolean() ? "*" : field(random, 1, 12))
                + " "
                + (random.nextBoolean() ? "*" : field(random, 0, 7));
    }

    private static String field(Random random, int lowest, int highest) {
        int first = random.nextInt(lowest, highest + 1);
        int last = random.nextInt(first, highest + 1);
        return switch (random.nextInt(5)) {
            case 0 -> "*";
            case 1 -> "*/" + (1 + random.nextInt(highest));
            case 2 -> first + "-" + last;
            case 3 -> first + "," + last;
            default -> Integer.toString(first);
        };
    }

    private static List<String> local(Occurrences occurrences, String from, int count) {
        return local(occurrences, from, count, "Europe/Berlin");
    }

    private static List<String> local(
            Occurrences occurrences, String from, int count, String zone) {
        return times(occurrences, from, count).stream()
                .map(time ->
                        Instant.parse(time).atZone(ZoneId.of(zone)).toLocalDateTime().toString())
                .toList();
    }

    private static List<String> times(Occurrences occurrences, String from, int count) {
        List<String> times = new ArrayList<>();
        Instant next = occurrences.next(Instant.parse(from));
        for (; next != null && times.size() < count; next = occurrences.next(next)) {
            times.add(next.toString());
        }
        return times;
    }

    private static Occurrences cron(String cron, String zone) {
        return Occurrences.of(settings(cron, zone, null, null, null));
    }

    private static Occurrences every(long ms, Instant startsAt, @Nullable Instant endsAt) {
        return Occurrences.of(settings(null, null, ms, startsAt, endsAt));
    }

    private static ScheduleSettings settings(
            @Nullable String cron,
            @Nullable String zone,
            @Nullable Long everyMs,
            @Nullable Instant startsAt,
            @Nullable Instant endsAt) {
        return new ScheduleSettings(
                "t", "s", cron, zone, everyMs, startsAt, endsAt, CatchUp.ONE, false, FIRST);
    }
}
