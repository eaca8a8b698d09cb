package dev.outrun.ledger;

import dev.outrun.ledger.access.AccessLedger;
import dev.outrun.ledger.memory.InMemoryAccessLedger;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;

@TestInstance(Lifecycle.PER_CLASS)
final class InMemoryAccessLedgerTest implements AccessContract {

    private final InMemoryAccessLedger access = new InMemoryAccessLedger();

    @Override
    public AccessLedger access() {
        return access;
    }
}
