package dev.outrun.ledger;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.outrun.ledger.memory.InMemoryLedger;
import dev.outrun.schema.event.Event;
import dev.outrun.schema.run.RunId;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

final class InMemoryLedgerTest
        implements StartContract,
                AppendContract,
                AttemptContract,
                CancelContract,
                DecisionContract,
                QueueContract,
                SignalContract,
                ForkContract,
                FlowContract,
                ScheduleContract,
                StreamContract,
                StreamForkContract,
                ReadContract {

    private final InMemoryLedger ledger = new InMemoryLedger(InstantSource.system());

    @Override
    public Ledger ledger() {
        return ledger;
    }

    @Test
    void listener_that_appends_hears_all_events_in_order() {
        // Given
        List<String> heard = new ArrayList<>();
        AtomicReference<InMemoryLedger> answering = new AtomicReference<>();
        answering.set(
                new InMemoryLedger(
                        InstantSource.system(),
                        (shard, event) -> answer(answering.get(), event, heard)));
        answering.get().registerHandlers(List.of(HANDLER));

        // When
        RunId run = answering.get().start(StartRun.of(HANDLER, "1"));

        // Then
        assertEquals(List.of("0 run.requested", "1 answer"), heard);
        assertEquals(2, answering.get().run(run).orElseThrow().nextSeq());
    }

    private static void answer(InMemoryLedger ledger, Event event, List<String> heard) {
        if (event.seq() == 0) {
            ledger.append(event.run(), null, "[{\"type\":\"answer\"}]");
        }
        heard.add(event.seq() + " " + event.type());
    }
}
