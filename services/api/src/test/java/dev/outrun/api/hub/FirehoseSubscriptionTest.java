package dev.outrun.api.hub;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.outrun.ledger.StartRun;
import dev.outrun.schema.error.ErrorCode;
import dev.outrun.schema.error.OutrunException;
import dev.outrun.schema.event.Event;
import dev.outrun.schema.run.RunId;
import dev.outrun.schema.run.Tenant;
import dev.outrun.teststack.TestStack;
import dev.outrun.teststack.TestStackExtension;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.UUID;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.RecordsToDelete;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Readers of all events, over a firehose that the test writes. */
@ExtendWith(TestStackExtension.class)
final class FirehoseSubscriptionTest {

    private static final FirehoseQuery ALL = new FirehoseQuery(Tenant.DEFAULT, null, null);

    @Test
    void reader_getsTheRunsOfItsQuery_andNoOthers(TestStack stack) throws Exception {
        try (HubStage stage = new HubStage(stack, HubStage.PATIENT)) {
            // Given
            stage.ledger.registerHandlers(List.of("other"));
            RunId mail = start(stage, "echo", "mail", "default");
            RunId calls = start(stage, "other", "calls", "default");
            RunId foreign = start(stage, "echo", "mail", "somebody");
            for (RunId run : List.of(mail, calls, foreign)) {
                stage.live(run, 0, 1);
            }

            // When
            List<String> ofQueue = read(stage, new FirehoseQuery(Tenant.DEFAULT, "mail", null), 1);
            List<String> ofHandler =
                    read(stage, new FirehoseQuery(Tenant.DEFAULT, null, "other"), 1);
            List<String> ofTenant =
                    read(stage, new FirehoseQuery(new Tenant("somebody"), null, null), 1);

            // Then
            assertEquals(List.of(mail + " 0"), ofQueue);
            assertEquals(List.of(calls + " 0"), ofHandler);
            assertEquals(List.of(foreign + " 0"), ofTenant);
        }
    }

    @Test
    void runThatBeganBefore_isFoundInTheLedger(TestStack stack) throws Exception {
        try (HubStage stage = new HubStage(stack, HubStage.PATIENT)) {
            // Given
            RunId run = stage.start();
            stage.append(run, 1);
            stage.live(run, 1, 2);

            // When
            List<String> read = read(stage, ALL, 1);

            // Then
            assertEquals(List.of(run + " 1"), read);
        }
    }

    @Test
    void whatIsNoEventOfARun_isLeftOut(TestStack stack) throws Exception {
        try (HubStage stage = new HubStage(stack, HubStage.PATIENT)) {
            // Given: a queue's log, and a stray copy
            RunId queue = new RunId(new UUID(1, 1));
            RunId run = stage.start();
            byte[] data = "{}".getBytes(StandardCharsets.UTF_8);
            var time = stage.run(run).createdAt();
            stage.lanes.live(0, List.of(new Event(queue, 0, "queue.changed", 0, time, data)));
            stage.append(run, 1);
            stage.live(run, 0, 2);
            stage.live(run, 0, 2);
            stage.finish(run);
            stage.live(run, 2, 4);

            // When
            List<String> read = read(stage, ALL, 4);

            // Then
            assertEquals(List.of(run + " 0", run + " 1", run + " 2", run + " 3"), read);
        }
    }

    @Test
    void reader_resumedAtAnyPlace_missesAndRepeatsNothing(TestStack stack) throws Exception {
        try (HubStage stage = new HubStage(stack, HubStage.PATIENT)) {
            // Given
            Random random = new Random(7);
            List<RunId> runs = List.of(stage.start(), stage.start(), stage.start());
            long[] published = new long[runs.size()];
            for (int n = 0; n < 30; n++) {
                int i = random.nextInt(runs.size());
                stage.append(runs.get(i), 1);
                stage.live(runs.get(i), published[i], published[i] + 1);
                published[i]++;
            }
            List<Frame> all = frames(stage, ALL, FirehosePlace.Known.EARLIEST, 30);

            for (int read = 0; read < 30; read += 7) {
                // When
                FirehosePlace place =
                        FirehosePlace.parse(SseText.parse(text(all.get(read))).getFirst().id());
                List<Frame> rest = frames(stage, ALL, place, 29 - read);

                // Then
                for (int i = 0; i < runs.size(); i++) {
                    RunId run = runs.get(i);
                    List<Frame> together = new ArrayList<>(all.subList(0, read + 1));
                    together.addAll(rest);
                    List<Long> seqs =
                            together.stream()
                                    .filter(frame -> run(frame).equals(run.toString()))
                                    .map(Frame::seq)
                                    .toList();
                    List<Long> expected = new ArrayList<>();
                    for (long seq = 0; seq < published[i]; seq++) {
                        expected.add(seq);
                    }
                    assertEquals(expected, seqs);
                }
            }
        }
    }

    @Test
    void reader_fromTheLatest_getsWhatComesThen(TestStack stack) throws Exception {
        try (HubStage stage = new HubStage(stack, HubStage.PATIENT)) {
            // Given
            RunId run = stage.start();
            stage.append(run, 1);
            stage.live(run, 0, 1);

            // When
            Delivery delivery;
            try (FirehoseSubscription reader =
                    stage.hub.subscribe(ALL, FirehosePlace.Known.LATEST)) {
                stage.live(run, 1, 2);
                delivery = reader.next(HubStage.LONG);
            }

            // Then
            if (!(delivery instanceof Delivery.Frames(List<Frame> frames))) {
                throw new AssertionError(delivery);
            }
            assertEquals(List.of(1L), frames.stream().map(Frame::seq).toList());
        }
    }

    @Test
    void place_thatIsNotThere_isRefused(TestStack stack) throws Exception {
        try (HubStage stage = new HubStage(stack, HubStage.PATIENT)) {
            // Given
            RunId run = stage.start();
            stage.append(run, 2);
            stage.live(run, 0, 3);
            int shard = stage.run(run).shard();
            TopicPartition where = new TopicPartition(stack.topics().events(), shard);
            try (Admin admin =
                    Admin.create(Map.of("bootstrap.servers", stack.bootstrapServers()))) {
                admin.deleteRecords(Map.of(where, RecordsToDelete.beforeOffset(2))).all().get();
            }
            long[] deleted = new long[stage.ledger.shards()];
            deleted[shard] = 1;
            long[] ahead = new long[stage.ledger.shards()];
            ahead[shard] = 4;

            // When, then
            assertEquals(ErrorCode.EXPIRED, refusal(stage, FirehosePlace.of(deleted)));
            assertEquals(ErrorCode.INVALID_SEQ, refusal(stage, FirehosePlace.of(ahead)));
            assertEquals(ErrorCode.INVALID_SEQ, refusal(stage, FirehosePlace.parse("1")));
            assertEquals(0, stage.hub.clients());
        }
    }

    @Test
    void reader_whoseHubCloses_isTold(TestStack stack) throws Exception {
        try (HubStage stage = new HubStage(stack, HubStage.PATIENT);
                FirehoseSubscription reader =
                        stage.hub.subscribe(ALL, FirehosePlace.Known.LATEST)) {
            // Given
            Delivery before = reader.next(HubStage.SHORT);

            // When
            stage.hub.end();

            // Then
            assertEquals(Delivery.Signal.QUIET, before);
            assertEquals(Delivery.Signal.CLOSING, reader.next(HubStage.LONG));
        }
    }

    private static ErrorCode refusal(HubStage stage, FirehosePlace place) {
        return assertThrows(OutrunException.class, () -> stage.hub.subscribe(ALL, place)).code();
    }

    private static RunId start(HubStage stage, String handler, String queue, String tenant) {
        return stage.ledger.start(
                StartRun.with(handler, "{}").queue(queue).tenant(new Tenant(tenant)).build());
    }

    /** Run and seq of so many events, from the beginning. */
    private static List<String> read(HubStage stage, FirehoseQuery query, int events)
            throws InterruptedException {
        return frames(stage, query, FirehosePlace.Known.EARLIEST, events).stream()
                .map(frame -> run(frame) + " " + frame.seq())
                .toList();
    }

    private static String run(Frame frame) {
        return text(frame).replaceAll("(?s).*\"run\":\"([^\"]*)\".*", "$1");
    }

    private static List<Frame> frames(
            HubStage stage, FirehoseQuery query, FirehosePlace from, int events)
            throws InterruptedException {
        List<Frame> all = new ArrayList<>();
        try (FirehoseSubscription reader = stage.hub.subscribe(query, from)) {
            while (all.size() < events) {
                if (!(reader.next(HubStage.LONG) instanceof Delivery.Frames(List<Frame> frames))) {
                    throw new AssertionError("only " + all.size() + " events");
                }
                all.addAll(frames);
            }
            if (reader.next(HubStage.SHORT) != Delivery.Signal.QUIET) {
                throw new AssertionError("more than " + events + " events");
            }
        }
        return all;
    }

    private static String text(Frame frame) {
        return new String(frame.bytes(), StandardCharsets.UTF_8);
    }
}
