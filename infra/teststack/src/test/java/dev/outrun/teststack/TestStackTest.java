package dev.outrun.teststack;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.clients.admin.CreateTopicsResult;
import org.apache.kafka.clients.admin.NewTopic;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(TestStackExtension.class)
class TestStackTest {

    @Test
    void database_fresh_isMigratedAndHasThePublication(TestStack stack) throws SQLException {
        // When
        String found =
                text(
                        stack,
                        """
                        select c.shards || ' ' || p.pubname || ' ' || p.pubinsert || ' '
                            || p.pubupdate || ' ' || t.schemaname || '.' || t.tablename
                        from outrun.cluster c, pg_publication p
                        join pg_publication_tables t using (pubname)
                        """);

        // Then
        assertEquals("2 outrun true false outrun.run_outbox", found);
    }

    @RepeatedTest(8)
    void database_testsAtOnce_eachSeesOnlyItsOwnRows(TestStack stack) throws SQLException {
        // Given
        String mine = stack.topics().prefix();
        text(stack, "select outrun.register_handlers('{%s}')::text".formatted(mine));

        // When
        String all = text(stack, "select string_agg(name, ' ') from outrun.handler");

        // Then
        assertEquals(mine, all);
    }

    @RepeatedTest(8)
    void topics_testsAtOnce_eachMakesItsOwnFirehose(TestStack stack)
            throws ExecutionException, InterruptedException {
        try (Admin admin =
                Admin.create(
                        Map.of(
                                AdminClientConfig.BOOTSTRAP_SERVERS_CONFIG,
                                stack.bootstrapServers()))) {
            // Given
            String topic = stack.topics().events();
            NewTopic firehose = new NewTopic(topic, Optional.of(2), Optional.empty());

            // When
            CreateTopicsResult created = admin.createTopics(List.of(firehose));

            // Then
            assertEquals(2, created.numPartitions(topic).get());
        }
    }

    @Test
    void stack_sameTest_isTheSameWhereverItIsAskedFor(TestStack stack, TestStack again) {
        assertEquals(stack, again);
    }

    private static String text(TestStack stack, String sql) throws SQLException {
        try (Connection connection = stack.dataSource().getConnection();
                Statement statement = connection.createStatement();
                ResultSet result = statement.executeQuery(sql)) {
            result.next();
            return result.getString(1);
        }
    }
}
