package dev.outrun.ledger;

import dev.outrun.ledger.access.AccessLedger;
import dev.outrun.teststack.TestStack;
import dev.outrun.teststack.TestStackExtension;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(TestStackExtension.class)
@TestInstance(Lifecycle.PER_CLASS)
final class PostgresAccessLedgerTest implements AccessContract {

    private final PostgresLedger ledger;

    PostgresAccessLedgerTest(TestStack stack) {
        this.ledger = PostgresLedger.open(new LedgerConfig(stack.postgres(), 4, "contract"));
    }

    @AfterAll
    void close() {
        ledger.close();
    }

    @Override
    public AccessLedger access() {
        return ledger.access();
    }
}
