package dev.outrun.testkit;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * What the engine has sent to another part that has not taken it yet, in the order it was sent. A
 * test may deliver it as badly as Kafka is allowed to, and worse.
 */
public final class Mailbox<T> {

    private final RandomGenerator random;
    private final List<T> waiting = new ArrayList<>();

    Mailbox(RandomGenerator random) {
        this.random = random;
    }

    /** What waits, the next first. */
    public List<T> waiting() {
        return List.copyOf(waiting);
    }

    /** All that waits comes twice, the second time after all of it has come. */
    public void duplicate() {
        waiting.addAll(waiting());
    }

    /** All that waits comes in another order, which the seed says. */
    public void shuffle() {
        Collections.shuffle(waiting, random);
    }

    /** Nothing of what waits ever comes. */
    public void lose() {
        waiting.clear();
    }

    void put(T mail) {
        waiting.add(mail);
    }

    void putBack(List<T> mails) {
        waiting.addAll(0, mails);
    }

    @Nullable T take() {
        return waiting.isEmpty() ? null : waiting.removeFirst();
    }

    boolean isEmpty() {
        return waiting.isEmpty();
    }
}
