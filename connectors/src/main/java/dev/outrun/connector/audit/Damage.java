package dev.outrun.connector.audit;

import java.util.ArrayList;
import java.util.List;

/** What an audit found of one run, as far as it matters for mending it. */
final class Damage {

    private final List<Stretch> missing = new ArrayList<>();
    private boolean inLedger;
    private boolean inTopic;

    /** Seqs one after the other. */
    record Stretch(long from, long until) {}

    /** The ledger lacks events. */
    void isInLedger() {
        inLedger = true;
    }

    /** The run's topic is not what it should be. */
    void isInTopic() {
        inTopic = true;
    }

    /** The firehose lacks this event; rising. */
    void isMissing(long seq) {
        if (!missing.isEmpty() && missing.getLast().until() == seq) {
            missing.add(new Stretch(missing.removeLast().from(), seq + 1));
        } else {
            missing.add(new Stretch(seq, seq + 1));
        }
    }

    /** What the firehose lacks. */
    List<Stretch> missing() {
        return List.copyOf(missing);
    }

    /** Whether the connector can do something about it. */
    boolean isMendable() {
        return !inLedger && (inTopic || !missing.isEmpty());
    }
}
