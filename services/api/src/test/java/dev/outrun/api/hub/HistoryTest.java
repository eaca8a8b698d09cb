package dev.outrun.api.hub;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.outrun.schema.event.Event;
import dev.outrun.schema.run.RunId;
import dev.outrun.teststack.TestStack;
import dev.outrun.teststack.TestStackExtension;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(TestStackExtension.class)
class HistoryTest {

    private static final int EVENTS = 6;

    @Test
    void page_ofAReapedRun_isReadWithoutAskingForItsTopic(TestStack stack) throws Exception {
        try (HubStage stage = new HubStage(stack, HubStage.PATIENT)) {
            // Given: a topic that differs from the ledger, to tell which of them was read
            RunId run = stage.start();
            stage.append(run, EVENTS - 3);
            stage.finish(run);
            stage.lanes.makeTopics(List.of(run));
            stage.lanes.log(
                    run,
                    stage.events(run, 0, EVENTS).stream().map(HistoryTest::fromTheTopic).toList());
            assertEquals("\"from the topic\"", data(page(stage, run, 0).getFirst()));

            // When
            stage.ledger.reap(run);

            // Then
            for (int from = 0; from < EVENTS; from++) {
                assertEquals(texts(stage.events(run, from, EVENTS)), texts(page(stage, run, from)));
                try (Subscription subscription = stage.subscribe(run, from)) {
                    assertEquals(
                            texts(stage.events(run, from, EVENTS)),
                            HubStage.drain(subscription).stream()
                                    .map(frame -> new String(frame.bytes(), UTF_8))
                                    .toList());
                }
            }
        }
    }

    private static List<Event> page(HubStage stage, RunId run, long from)
            throws InterruptedException {
        return stage.hub.history().page(stage.run(run), from, EVENTS);
    }

    private static Event fromTheTopic(Event event) {
        return new Event(
                event.run(),
                event.seq(),
                event.type(),
                event.attempt(),
                event.time(),
                "\"from the topic\"".getBytes(UTF_8));
    }

    private static String data(Event event) {
        return new String(event.data(), UTF_8);
    }

    private static List<String> texts(List<Event> events) {
        return events.stream().map(event -> new String(Frame.of(event).bytes(), UTF_8)).toList();
    }
}
