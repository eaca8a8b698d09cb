package dev.outrun.connector.source;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.outrun.teststack.TestStack;
import dev.outrun.teststack.TestStackExtension;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(TestStackExtension.class)
class ReplicationSlotTest {

    private static final int SPLITS = 4;

    private final TestStack stack;

    ReplicationSlotTest(TestStack stack) {
        this.stack = stack;
    }

    /** As when the source is changed to polling with several splits, which start together. */
    @Test
    void slotsOfAnotherSplit_areDroppedByAllAtOnce() throws Exception {
        // Given
        for (Split old : Split.all(stack.slot(), 3)) {
            ask(
                    "select count(pg_create_logical_replication_slot('%s', 'pgoutput')::text)"
                            .formatted(old.slot()));
            ask(
                    "select outrun.acquire_lease('%s', '%s', 3, 'old', '0 s', '0 s')"
                            .formatted(old.slot(), stack.slot()));
        }

        // When
        List<Callable<Void>> drops = new ArrayList<>();
        for (Split split : Split.all(stack.slot(), SPLITS)) {
            drops.add(() -> {
                try (ControlConnection control = new ControlConnection(stack.postgres())) {
                    new ReplicationSlot(stack.postgres(), control, split).dropOthers();
                    return null;
                }
            });
        }
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            for (Future<Void> dropped : threads.invokeAll(drops)) {
                dropped.get();
            }
        }

        // Then
        assertEquals(
                0,
                ask(
                        "select count(*) from pg_replication_slots where database = current_database()"));
    }

    private long ask(String sql) throws SQLException {
        try (Connection connection = stack.dataSource().getConnection();
                Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery(sql)) {
            row.next();
            return row.getLong(1);
        }
    }
}
