package dev.outrun.connector.fault;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outrun.connector.fault.Fault.Kind;
import dev.outrun.connector.fault.Fault.Target;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

final class ScheduleFromSeedTest {

    private final List<Fault> faults =
            LongStream.range(0, 1_000)
                    .mapToObj(FaultSchedule::of)
                    .flatMap(schedule -> schedule.faults().stream())
                    .toList();

    @Test
    void schedule_fromTheSameSeed_isTheSame() {
        assertEquals(FaultSchedule.of(17), FaultSchedule.of(17));
    }

    @Test
    void schedules_ofManySeeds_doEverythingToEveryServer() {
        // When
        Set<String> done =
                faults.stream()
                        .map(fault -> fault.kind() + " " + fault.target())
                        .collect(Collectors.toSet());

        // Then
        assertEquals(Target.values().length * 3 + 1, done.size(), done::toString);
        assertTrue(done.contains(Kind.STOP_AT_ONCE + " " + Target.POSTGRES));
    }

    @Test
    void freezes_ofManySeeds_areRarelyLongerThanARequestMayBe() {
        // When
        List<Fault> freezes = faults.stream().filter(fault -> fault.kind() == Kind.FREEZE).toList();
        long longer =
                freezes.stream()
                        .filter(fault ->
                                fault.freeze().compareTo(FaultSchedule.LONG_FREEZE_MIN) >= 0)
                        .count();

        // Then
        assertTrue(longer > 0);
        assertTrue(longer < freezes.size() / 10);
        assertTrue(
                freezes.stream()
                        .allMatch(fault ->
                                fault.freeze().compareTo(FaultSchedule.LONG_FREEZE_MAX) < 0));
    }
}
