package dev.outrun.api.hub;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.outrun.schema.event.Event;
import dev.outrun.schema.run.RunId;
import dev.outrun.teststack.TestStack;
import dev.outrun.teststack.TestStackExtension;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * Runs that grow, lanes that lag, repeat and lose, subscribers that come at any time from any seq
 * and read at any pace. The model is the ledger: each subscriber gets every seq from its own on.
 */
@ExtendWith(TestStackExtension.class)
class RandomJoinTest {

    private static final int RUNS = 8;
    private static final int SUBSCRIBERS = 60;
    private static final int STEPS = 400;

    private record Reader(RunId run, long from, Future<List<Long>> seqs) {}

    @Test
    void subscribers_ofRunsInRandomStates_getEverySeqOnceInOrder(TestStack stack) throws Exception {
        long seed = System.nanoTime();
        SplittableRandom random = new SplittableRandom(seed);
        HubConfig tight =
                new HubConfig(
                        SUBSCRIBERS + 10,
                        1,
                        5,
                        2_000,
                        2,
                        2_000,
                        Duration.ofHours(1),
                        Duration.ofMillis(200),
                        Duration.ofMillis(1),
                        Duration.ofHours(1));
        try (HubStage stage = new HubStage(stack, tight);
                ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            // Given
            List<RunId> runs = new ArrayList<>();
            for (int i = 0; i < RUNS; i++) {
                runs.add(stage.start());
            }
            stage.lanes.makeTopics(runs.subList(0, RUNS / 2));
            Map<RunId, Long> live = new HashMap<>();
            Map<RunId, Long> logged = new HashMap<>();
            List<Reader> readers = new ArrayList<>();

            // When
            for (int step = 0; step < STEPS; step++) {
                RunId run = runs.get(random.nextInt(RUNS));
                long next = stage.run(run).nextSeq();
                switch (random.nextInt(5)) {
                    case 0 -> stage.append(run, 1 + random.nextInt(4));
                    case 1, 2 -> {
                        long from = Math.max(0, live.getOrDefault(run, 0L) - random.nextInt(3));
                        long to = next - random.nextInt(2);
                        if (random.nextInt(8) > 0) { // else they are lost
                            stage.live(run, from, to);
                        }
                        live.put(run, Math.max(from, to));
                    }
                    case 3 -> log(stage, run, logged, runs.indexOf(run) < RUNS / 2, next);
                    default -> {
                        if (readers.size() < SUBSCRIBERS) {
                            long from = random.nextLong(next + 4);
                            Callable<List<Long>> task = reader(stage, run, from, random.split());
                            readers.add(new Reader(run, from, threads.submit(task)));
                        }
                    }
                }
            }
            for (RunId run : runs) {
                stage.finish(run);
                stage.live(run, live.getOrDefault(run, 0L), stage.run(run).nextSeq());
            }

            // Then
            for (Reader reader : readers) {
                long end = stage.run(reader.run).nextSeq();
                assertEquals(
                        LongStream.range(reader.from, end).boxed().toList(),
                        reader.seqs.get(),
                        "seed "
                                + seed
                                + " run "
                                + runs.indexOf(reader.run)
                                + " from "
                                + reader.from);
            }
            assertEquals(0, stage.hub.clients());
        }
    }

    private static void log(
            HubStage stage, RunId run, Map<RunId, Long> logged, boolean hasTopic, long next) {
        if (hasTopic) {
            long from = logged.getOrDefault(run, 0L);
            List<Event> events = stage.events(run, from, from + (next - from + 1) / 2);
            stage.lanes.log(run, events);
            logged.put(run, from + events.size());
        }
    }

    /** Reads a run to its end, now and then only looking whether something is there. */
    private static Callable<List<Long>> reader(
            HubStage stage, RunId run, long from, SplittableRandom pace) {
        return () -> {
            List<Long> seqs = new ArrayList<>();
            try (Subscription subscription = stage.subscribe(run, from)) {
                Delivery next = Delivery.Signal.QUIET;
                while (next != Delivery.Signal.END) {
                    next = subscription.next(Duration.ofMillis(pace.nextInt(1, 30)));
                    if (next instanceof Delivery.Frames(List<Frame> frames)) {
                        frames.forEach(frame -> seqs.add(frame.seq()));
                    }
                }
            }
            return seqs;
        };
    }
}
