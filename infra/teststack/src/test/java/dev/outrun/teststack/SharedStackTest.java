package dev.outrun.teststack;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.junit.jupiter.api.Test;

class SharedStackTest {

    @Test
    void lease_givenBack_leavesNeitherDatabaseNorSlotNorTopic() throws Exception {
        try (SharedStack servers = SharedStack.start();
                SharedStack.Lease neighbour = servers.lease()) {
            // Given
            SharedStack.Lease lease = servers.lease();
            TestStack stack = lease.stack();
            try (Connection leftOpen = stack.dataSource().getConnection();
                    Admin admin = admin(stack)) {
                makeSlot(leftOpen, stack.slot());
                NewTopic topic = new NewTopic(stack.topics().events(), 1, (short) 1);
                NewTopic kept = new NewTopic(neighbour.stack().topics().events(), 1, (short) 1);
                admin.createTopics(List.of(topic, kept)).all().get();

                // When
                lease.close();
                servers.awaitCleanup();

                // Then
                assertThrows(SQLException.class, () -> stack.dataSource().getConnection());
                assertEquals("", slots(neighbour.stack()));
                assertEquals(Set.of(kept.name()), admin.listTopics().names().get());
            }
        }
    }

    @Test
    void close_leasesOut_stopsTheServers() {
        // Given
        SharedStack servers = SharedStack.start();
        TestStack stack = servers.lease().stack();

        // When
        servers.close();

        // Then
        assertThrows(SQLException.class, () -> stack.dataSource().getConnection());
    }

    private static Admin admin(TestStack stack) {
        return Admin.create(Map.of("bootstrap.servers", stack.bootstrapServers()));
    }

    private static void makeSlot(Connection connection, String slot) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.execute(
                    "select pg_create_logical_replication_slot('%s', 'pgoutput')".formatted(slot));
        }
    }

    private static String slots(TestStack stack) throws SQLException {
        try (Connection connection = stack.dataSource().getConnection();
                Statement statement = connection.createStatement();
                ResultSet result =
                        statement.executeQuery(
                                """
                                select coalesce(string_agg(slot_name, ' '), '')
                                from pg_replication_slots
                                """)) {
            result.next();
            return result.getString(1);
        }
    }
}
