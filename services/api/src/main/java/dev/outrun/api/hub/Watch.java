package dev.outrun.api.hub;

import dev.outrun.ledger.Ledger;
import dev.outrun.ledger.Run;
import dev.outrun.schema.run.RunId;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** A run that is followed: by whom, and how far its log is known to be. */
final class Watch {

    /**
     * How far a log is.
     *
     * @param nextSeq how many events it has
     * @param complete whether none can follow
     */
    record Head(long nextSeq, boolean complete) {

        static Head of(Run run) {
            return new Head(run.nextSeq(), run.status().isTerminal());
        }
    }

    private final RunId run;
    private final int shard;
    private final Ledger ledger;
    private final Set<Inbox> inboxes = ConcurrentHashMap.newKeySet();
    private Head head = new Head(0, false);
    private long askedAt;
    private boolean asked;

    Watch(RunId run, int shard, Ledger ledger) {
        this.run = run;
        this.shard = shard;
        this.ledger = ledger;
    }

    RunId run() {
        return run;
    }

    int shard() {
        return shard;
    }

    void add(Inbox inbox) {
        inboxes.add(inbox);
    }

    void remove(Inbox inbox) {
        inboxes.remove(inbox);
    }

    boolean isEmpty() {
        return inboxes.isEmpty();
    }

    void offer(Frame frame) {
        for (Inbox inbox : inboxes) {
            inbox.offer(frame);
        }
    }

    void rejoin() {
        inboxes.forEach(Inbox::rejoin);
    }

    /**
     * How far the ledger says the log is, in an answer asked for at {@code notBefore} ({@link
     * System#nanoTime}) or later; subscribers who ask together share one answer. A run that is gone
     * is complete. Throws {@code unavailable} where the database is.
     */
    synchronized Head head(long notBefore) {
        if (!asked || askedAt - notBefore < 0) {
            long now = System.nanoTime();
            Optional<Run> found = ledger.run(run);
            head = found.map(Head::of).orElseGet(() -> new Head(head.nextSeq(), true));
            askedAt = now;
            asked = true;
        }
        return head;
    }
}
