package dev.outrun.testkit.simulation;

import dev.outrun.ledger.StartRun;
import dev.outrun.ledger.Wake;
import dev.outrun.testkit.Part;
import dev.outrun.testkit.SteppedOutrun;
import dev.outrun.worker.HandlerFailure;
import dev.outrun.worker.Input;
import dev.outrun.worker.NonRetryableException;
import dev.outrun.worker.RunContext;
import java.time.Duration;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/**
 * What handlers do: all of it follows from the seed, the run's number, which is its input, and the
 * attempt. From the {@link #LAST}th attempt on they just complete, so that every run comes to an
 * end.
 */
final class Script {

    /** Runs from this number on do no more than they are told: they have no children. */
    static final int CHILDREN = 1_000_000;

    /** Runs from this number on complete at once. */
    static final int PLAIN = 2_000_000;

    /** Fails once, and then completes. */
    static final int ONCE = 3_000_000;

    /** Is suspended for ever. */
    static final int FOREVER = 4_000_000;

    /** Its worker dies with the first attempt. */
    static final int DIES = 5_000_000;

    /** Its worker says nothing for so long that the first attempt is lost. */
    static final int HANGS = 6_000_000;

    private static final Duration SILENCE = Duration.ofSeconds(15);

    private static final int LAST = 5;

    private final long seed;
    private int children = CHILDREN;

    Script(long seed) {
        this.seed = seed;
    }

    /** Plays a run's part. */
    @Nullable Object play(SteppedOutrun outrun, RunContext run, Input input) {
        int number = Integer.parseInt(input.json());
        if (number >= DIES && run.attempt() == 1) {
            loseTheWorker(outrun, number);
            return number;
        } else if (number >= FOREVER && number < DIES) {
            outrun.suspend(run.runId(), Wake.on("never"));
            return null;
        } else if (number >= ONCE && run.attempt() == 1) {
            throw new HandlerFailure("once", "as announced");
        } else if (number >= PLAIN || run.attempt() >= LAST) {
            return number;
        }
        Random random = new Random(seed * 31 + number * 1_009L + run.attempt());
        random.nextLong();
        for (int left = random.nextInt(3); left > 0; left--) {
            run.emit("note", left);
        }
        run.flush();
        return end(outrun, run, number, random);
    }

    private static void loseTheWorker(SteppedOutrun outrun, int number) {
        if (number < HANGS) {
            outrun.crash(Part.WORKER);
        } else {
            outrun.hold(Part.WORKER);
            outrun.advance(SILENCE);
            outrun.release(Part.WORKER);
        }
    }

    private @Nullable Object end(SteppedOutrun outrun, RunContext run, int number, Random random) {
        switch (random.nextInt(13)) {
            case 0, 1 -> throw new HandlerFailure("flop", "as announced");
            case 2 -> throw new NonRetryableException("hopeless", "as announced");
            case 3 -> {
                Duration nap = Duration.ofMillis(random.nextInt(4_000));
                outrun.suspend(run.runId(), Wake.at(outrun.now().plus(nap)));
            }
            case 4 -> outrun.suspend(run.runId(), Wake.on("go"));
            case 5 -> {
                if (number < CHILDREN) {
                    startChildren(outrun, run, random);
                    if (random.nextBoolean()) {
                        String many = random.nextBoolean() ? "all" : "any";
                        outrun.suspend(run.runId(), Wake.afterChildren(many));
                    }
                }
            }
            case 6 -> outrun.crash(Part.WORKER);
            default -> {}
        }
        return number;
    }

    private void startChildren(SteppedOutrun outrun, RunContext run, Random random) {
        for (int left = 1 + random.nextInt(2); left > 0; left--) {
            StartRun.Child child =
                    new StartRun.Child(run.runId(), random.nextInt(3) == 0, random.nextInt(4) == 0);
            outrun.start(StartRun.with("a", Integer.toString(children)).child(child).build());
            children++;
        }
    }
}
