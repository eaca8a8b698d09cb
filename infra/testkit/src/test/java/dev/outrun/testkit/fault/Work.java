package dev.outrun.testkit.fault;

import static java.util.stream.Collectors.counting;
import static java.util.stream.Collectors.groupingBy;

import dev.outrun.ledger.Ledger;
import dev.outrun.ledger.StartRun;
import dev.outrun.schema.event.Event;
import dev.outrun.schema.event.EventTypes;
import dev.outrun.schema.run.RunId;
import dev.outrun.worker.HandlerFailure;
import dev.outrun.worker.Input;
import dev.outrun.worker.RunContext;
import dev.outrun.worker.RunHandler;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import java.util.stream.LongStream;

/**
 * Runs of all kinds, and what their handlers have seen: what each of them must have been through is
 * known beforehand, whatever is done to engines.
 */
final class Work {

    private static final String NARROW = "narrow";
    private static final int NARROW_AT_A_TIME = 2;

    /**
     * One run.
     *
     * @param attempts how many it must have had
     */
    record Started(RunId run, Kind kind, int attempts) {}

    /** What is different from run to run. */
    enum Kind {
        PLAIN,
        /** Not before a while. */
        LATER,
        /** Its first attempt fails. */
        TWICE,
        /** In a queue of few at a time, with priorities. */
        IN_LINE,
        /** One at a time of those with the same key. */
        KEYED
    }

    /** One call of a handler. */
    private record Call(RunId run, int attempt) {}

    private final Queue<Call> calls = new ConcurrentLinkedQueue<>();
    private final AtomicInteger inLine = new AtomicInteger();
    private final Queue<Integer> tooMany = new ConcurrentLinkedQueue<>();

    Map<String, RunHandler> handlers() {
        return Map.of(
                "plain",
                this::plain,
                "twice",
                (run, input) -> {
                    Object output = plain(run, input);
                    if (run.attempt() == 1) {
                        throw new HandlerFailure("once", "as announced");
                    }
                    return output;
                },
                "in-line",
                this::inLine);
    }

    private Object plain(RunContext run, Input input) {
        calls.add(new Call(run.runId(), run.attempt()));
        run.emit("seen", input.json());
        return run.attempt();
    }

    private Object inLine(RunContext run, Input input) {
        int live = inLine.incrementAndGet();
        if (live > NARROW_AT_A_TIME) {
            tooMany.add(live);
        }
        try {
            return plain(run, input);
        } finally {
            inLine.decrementAndGet();
        }
    }

    /** What queues have to keep to, said before the first run. */
    void prepare(Ledger ledger) {
        ledger.changeQueue(NARROW, "{\"concurrency\":" + NARROW_AT_A_TIME + "}");
        ledger.changeQueue("keyed", "{\"concurrency_per_key\":1}");
    }

    /** Starts the run of this number. */
    Started start(Ledger ledger, int number) {
        Kind kind = Kind.values()[number % Kind.values().length];
        String input = Integer.toString(number);
        StartRun.Builder run =
                switch (kind) {
                    case PLAIN -> StartRun.with("plain", input);
                    case LATER ->
                            StartRun.with("plain", input).runAt(Instant.now().plusMillis(200));
                    case TWICE ->
                            StartRun.with("twice", input)
                                    .retry("{\"max_attempts\":2,\"delay_ms\":50}");
                    case IN_LINE ->
                            StartRun.with("in-line", input).queue(NARROW).priority(number % 3);
                    case KEYED ->
                            StartRun.with("plain", input)
                                    .queue("keyed")
                                    .concurrencyKey("key " + number % 2);
                };
        return new Started(ledger.start(run.build()), kind, kind == Kind.TWICE ? 2 : 1);
    }

    /** What is not as it must be, when all of them have ended. */
    List<String> differences(Ledger ledger, List<Started> runs) {
        List<String> found = new ArrayList<>();
        Map<Call, Long> made = calls.stream().collect(groupingBy(call -> call, counting()));
        for (Started started : runs) {
            List<Event> log = ledger.events(started.run(), 0, Integer.MAX_VALUE);
            List<Integer> attempts =
                    log.stream()
                            .filter(event -> event.type().equals(EventTypes.ATTEMPT_STARTED))
                            .map(Event::attempt)
                            .toList();
            List<Integer> due = IntStream.rangeClosed(1, started.attempts()).boxed().toList();
            List<Long> seqs = log.stream().map(Event::seq).toList();
            boolean isWhole = seqs.equals(LongStream.range(0, log.size()).boxed().toList());
            long ends = log.stream().filter(event -> EventTypes.isTerminal(event.type())).count();
            if (!attempts.equals(due)
                    || !isWhole
                    || ends != 1
                    || !log.getLast().type().equals(EventTypes.COMPLETED)) {
                found.add(started + " has the log " + log.stream().map(Work::brief).toList());
            }
            for (int attempt : due) {
                long times = made.getOrDefault(new Call(started.run(), attempt), 0L);
                if (times != 1) {
                    found.add(started + " was called " + times + " times for " + attempt);
                }
            }
        }
        int all = runs.stream().mapToInt(Started::attempts).sum();
        if (calls.size() != all) {
            found.add(calls.size() + " calls of handlers, not " + all);
        }
        tooMany.forEach(live -> found.add(live + " at a time in a queue of " + NARROW_AT_A_TIME));
        return found;
    }

    private static String brief(Event event) {
        return event.seq() + " " + event.type() + " " + event.attempt();
    }
}
