package dev.outrun.api.hub;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;

import dev.outrun.schema.event.Event;
import dev.outrun.schema.run.RunId;
import dev.outrun.teststack.TestStack;
import dev.outrun.teststack.TestStackExtension;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(TestStackExtension.class)
class JoinTest {

    /** Events of each run: requested, two of the user's, attempt started, completed. */
    private static final int EVENTS = 5;

    /**
     * Where the parts are when the subscribers come.
     *
     * @param committed events in the ledger
     * @param inTopic events in the run's topic; -1: there is no topic
     * @param lag events of the committed ones that the firehose gets only after the join
     */
    private record Split(RunId run, int committed, int inTopic, int lag) {}

    @Test
    void subscriber_fromAnySeqAtAnySplit_getsEachEventOnceInOrder(TestStack stack)
            throws InterruptedException {
        try (HubStage stage = new HubStage(stack, HubStage.PATIENT)) {
            // Given
            stage.settle();
            List<Split> splits = splits(stage);
            stage.lanes.makeTopics(
                    splits.stream().filter(s -> s.inTopic >= 0).map(Split::run).toList());
            for (Split split : splits) {
                commit(stage, split.run, 0, split.committed);
                stage.live(split.run, 0, split.committed - split.lag);
                stage.lanes.log(split.run, stage.events(split.run, 0, split.inTopic));
                List<Subscription> subscribers = new ArrayList<>();
                for (int from = 0; from <= EVENTS; from++) {
                    subscribers.add(stage.subscribe(split.run, from));
                }
                List<List<Frame>> got = new ArrayList<>();
                for (Subscription subscriber : subscribers) {
                    got.add(untilQuiet(subscriber));
                }

                // When
                stage.live(split.run, split.committed - split.lag, split.committed);
                commit(stage, split.run, split.committed, EVENTS);
                stage.live(split.run, split.committed, EVENTS);

                // Then
                for (int from = 0; from <= EVENTS; from++) {
                    got.get(from).addAll(HubStage.drain(subscribers.get(from)));
                    assertEquals(
                            texts(stage.events(split.run, from, EVENTS)),
                            texts(got.get(from).stream()),
                            split + " from " + from);
                    subscribers.get(from).close();
                }
            }
        }
    }

    @Test
    void subscriber_whoseLiveEventIsLost_readsItWhenTheNextOneComes(TestStack stack)
            throws InterruptedException {
        try (HubStage stage = new HubStage(stack, HubStage.PATIENT)) {
            // Given
            stage.settle();
            RunId run = stage.start();
            Subscription subscription = stage.subscribe(run, 0);
            List<Frame> got = untilQuiet(subscription);

            // When
            stage.append(run, 3);
            stage.finish(run);
            stage.live(run, 1, 2);
            stage.live(run, 4, 6);

            // Then
            got.addAll(HubStage.drain(subscription));
            assertEquals(texts(stage.events(run, 0, 6)), texts(got.stream()));
        }
    }

    @Test
    void subscriber_ofARunWithStrayCopies_getsEachEventOnce(TestStack stack)
            throws InterruptedException {
        try (HubStage stage = new HubStage(stack, HubStage.PATIENT)) {
            // Given
            stage.settle();
            RunId run = stage.start();
            stage.append(run, 3);
            Subscription subscription = stage.subscribe(run, 0);
            List<Frame> got = untilQuiet(subscription);

            // When
            stage.append(run, 2);
            stage.live(run, 2, 5);
            stage.live(run, 0, 6);
            stage.live(run, 4, 6);
            stage.finish(run);
            stage.live(run, 5, 8);

            // Then
            got.addAll(HubStage.drain(subscription));
            assertEquals(texts(stage.events(run, 0, 8)), texts(got.stream()));
        }
    }

    @Test
    void subscriber_whoDoesNotTakeForLong_getsTheWholeLogInTheEnd(TestStack stack)
            throws InterruptedException {
        HubConfig p = HubStage.PATIENT;
        HubConfig small =
                new HubConfig(
                        10,
                        1,
                        4,
                        1_000,
                        1,
                        1_000,
                        p.keepAlive(),
                        p.idleCheck(),
                        p.tailLinger(),
                        p.writeStallMax());
        try (HubStage stage = new HubStage(stack, small)) {
            // Given
            stage.settle();
            RunId run = stage.start();
            stage.lanes.makeTopics(List.of(run));
            Subscription slow = stage.subscribe(run, 0);
            Subscription quick = stage.subscribe(run, 0);
            List<Frame> gotSlowly = untilQuiet(slow);
            List<Frame> gotQuickly = untilQuiet(quick);

            // When
            for (int i = 0; i < 50; i++) {
                stage.append(run, 3);
                stage.live(run, 1 + i * 3, 4 + i * 3);
                gotQuickly.addAll(
                        assertInstanceOf(Delivery.Frames.class, quick.next(HubStage.LONG))
                                .frames());
            }
            stage.finish(run);
            stage.live(run, 151, 153);
            stage.lanes.log(run, stage.events(run, 0, 100));

            // Then
            gotQuickly.addAll(HubStage.drain(quick));
            gotSlowly.addAll(HubStage.drain(slow));
            assertEquals(texts(stage.events(run, 0, 153)), texts(gotQuickly.stream()));
            assertEquals(texts(stage.events(run, 0, 153)), texts(gotSlowly.stream()));
        }
    }

    @Test
    void subscriber_whenTheHubCloses_isToldAndANewOneRefused(TestStack stack)
            throws InterruptedException {
        try (HubStage stage = new HubStage(stack, HubStage.PATIENT)) {
            // Given
            RunId run = stage.start();
            Subscription subscription = stage.subscribe(run, 1);

            // When
            stage.hub.close();

            // Then
            assertEquals(Delivery.Signal.CLOSING, subscription.next(HubStage.LONG));
            org.junit.jupiter.api.Assertions.assertThrows(
                    dev.outrun.schema.error.OutrunException.class, () -> stage.subscribe(run, 1));
        }
    }

    private static List<Split> splits(HubStage stage) {
        List<Split> splits = new ArrayList<>();
        for (int committed = 1; committed <= EVENTS; committed++) {
            for (int inTopic = -1; inTopic <= committed; inTopic++) {
                for (int lag : new int[] {0, 1, committed}) {
                    splits.add(new Split(stage.start(), committed, inTopic, lag));
                }
            }
        }
        return splits;
    }

    /** Commits the events with these seqs; the first is there since the run was started. */
    private static void commit(HubStage stage, RunId run, int from, int to) {
        for (int seq = Math.max(from, 1); seq < to; seq++) {
            switch (seq) {
                case EVENTS - 2 -> stage.ledger.claim(run, 1, "worker");
                case EVENTS - 1 -> stage.ledger.complete(run, 1, "1");
                default -> stage.append(run, 1);
            }
        }
    }

    private static List<Frame> untilQuiet(Subscription subscription) throws InterruptedException {
        List<Frame> all = new ArrayList<>();
        while (subscription.next(HubStage.SHORT) instanceof Delivery.Frames(List<Frame> frames)) {
            all.addAll(frames);
        }
        return all;
    }

    private static List<String> texts(List<Event> events) {
        return texts(events.stream().map(Frame::of));
    }

    private static List<String> texts(java.util.stream.Stream<Frame> frames) {
        return frames.map(frame -> new String(frame.bytes(), UTF_8)).toList();
    }
}
