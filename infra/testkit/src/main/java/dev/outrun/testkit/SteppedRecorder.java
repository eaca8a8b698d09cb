package dev.outrun.testkit;

import dev.outrun.ledger.Ledger;
import dev.outrun.schema.error.ErrorCode;
import dev.outrun.schema.error.OutrunException;
import dev.outrun.schema.work.Decision;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The decision recorder, stepped: in order, at least once. What the ledger refuses is passed over.
 */
final class SteppedRecorder implements Stepped {

    private final Ledger ledger;
    private final Mailbox<Decision> decisions;
    private final List<Decision> sinceCommit = new ArrayList<>();

    SteppedRecorder(Ledger ledger, Mailbox<Decision> decisions) {
        this.ledger = ledger;
        this.decisions = decisions;
    }

    @Override
    public @Nullable String move() {
        Decision decision = decisions.take();
        if (decision == null) {
            return null;
        }
        sinceCommit.add(decision);
        return (record(decision) ? "recorded " : "passed over ") + decision;
    }

    private boolean record(Decision decision) {
        try {
            return ledger.record(decision);
        } catch (OutrunException e) {
            if (e.code().kind() == ErrorCode.Kind.EXTERNAL) {
                throw e;
            }
            return false;
        }
    }

    @Override
    public void commit() {
        sinceCommit.clear();
    }

    @Override
    public void crash() {
        decisions.putBack(sinceCommit);
        sinceCommit.clear();
    }
}
