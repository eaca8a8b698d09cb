package dev.outrun.testkit.simulation;

import dev.outrun.ledger.StartRun;
import dev.outrun.schema.queue.QueueSettings.Order;
import dev.outrun.schema.run.RunId;
import dev.outrun.testkit.Part;
import dev.outrun.testkit.SteppedOutrun;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Random;
import java.util.function.UnaryOperator;

/**
 * After a program: who is next in a queue of one at a time, and how late timers are, where nothing
 * else is going on but perhaps a crash of the engine. What can be told of a program only roughly is
 * told here to the millisecond.
 */
final class Parade {

    private static final String QUEUE = "parade";
    private static final int RUNS = 6;
    private static final Duration GRAIN = Duration.ofMillis(10);
    private static final Duration LONG = Duration.ofMinutes(1);

    private final SteppedOutrun outrun;
    private final Laws laws;
    private final Random random;

    Parade(SteppedOutrun outrun, Laws laws, Random random) {
        this.outrun = outrun;
        this.laws = laws;
        this.random = random;
    }

    void march() {
        inOrder();
        inTime();
        inLoss();
    }

    private void inOrder() {
        Order order = random.nextBoolean() ? Order.FIFO : Order.LIFO;
        change("{\"mode\":\"paused\",\"order\":\"" + order.name().toLowerCase(Locale.ROOT) + "\"}");
        List<RunLaws> runs = new ArrayList<>();
        for (int place = 0; place < RUNS; place++) {
            runs.add(
                    started(
                            StartRun.with("a", Integer.toString(Script.PLAIN + place))
                                    .queue(QUEUE)
                                    .priority(random.nextInt(3))));
            outrun.advance(Duration.ofMillis(1));
        }
        perhapsCrash();
        change("{\"mode\":\"active\",\"concurrency\":1}");
        outrun.advance(LONG);
        List<RunLaws> due = new ArrayList<>(order == Order.FIFO ? runs : runs.reversed());
        due.sort(Comparator.comparingInt((RunLaws run) -> run.request.priority()).reversed());
        List<RunLaws> found = laws.inOrderOfTheirStarts(runs);
        laws.expect(found.equals(due), QUEUE, "the order is " + found + ", not " + due);
    }

    private void inTime() {
        Instant at = outrun.now().plusMillis(1 + random.nextInt(5_000));
        RunLaws later = inTime(Script.PLAIN, run -> run.runAt(at));
        RunLaws again =
                inTime(Script.ONCE, run -> run.retry("{\"max_attempts\":2,\"delay_ms\":700}"));
        RunLaws limited = inTime(Script.FOREVER, run -> run.timeoutMs(2_000L));
        Instant begun = outrun.now();
        outrun.settle();
        perhapsCrash();
        outrun.advance(LONG);
        laws.expect(later.startedAt.size() == 1, later, "starts at " + later.startedAt);
        laws.expect(isInTime(later.startedAt.getLast(), at), later, at + " " + later.startedAt);
        laws.expect(again.startedAt.size() == 2, again, "starts at " + again.startedAt);
        laws.expect(
                isInTime(again.startedAt.getLast(), begun.plusMillis(700)),
                again,
                begun + " + 700 ms " + again.startedAt);
        Instant closed = limited.closedAt;
        laws.expect(
                closed != null && isInTime(closed, begun.plusMillis(2_000)),
                limited,
                begun + " + 2 s " + closed);
    }

    /** A worker that dies is missed at once, one that is silent after its timeout. */
    private void inLoss() {
        for (int number : List.of(Script.DIES, Script.HANGS)) {
            RunLaws run = inTime(number, any -> any);
            outrun.settle();
            outrun.advance(Duration.ofSeconds(1));
            laws.expect(run.startedAt.size() == 2, run, "starts at " + run.startedAt);
        }
    }

    private RunLaws inTime(int number, UnaryOperator<StartRun.Builder> with) {
        String input = Integer.toString(number);
        return started(with.apply(StartRun.with("a", input).queue("punctual")));
    }

    private void perhapsCrash() {
        outrun.settle();
        if (random.nextBoolean()) {
            outrun.commit();
        }
        if (random.nextBoolean()) {
            outrun.crash(Part.ENGINE);
            outrun.settle();
        }
    }

    private RunLaws started(StartRun.Builder run) {
        RunId id = outrun.start(run.build());
        return Objects.requireNonNull(laws.runs().get(id));
    }

    private void change(String change) {
        laws.changed(outrun.ledger().changeQueue(QUEUE, change));
    }

    private static boolean isInTime(Instant done, Instant due) {
        return !done.isBefore(due) && !done.isAfter(due.plus(GRAIN).plus(GRAIN));
    }
}
