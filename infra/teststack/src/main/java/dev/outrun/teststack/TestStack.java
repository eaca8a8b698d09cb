package dev.outrun.teststack;

import dev.outrun.schema.sql.PostgresAddress;
import dev.outrun.schema.topic.Topics;
import java.sql.SQLException;
import javax.sql.DataSource;

/**
 * What one test has to itself on the shared servers: a migrated database with {@link #SHARDS}
 * shards, a topic prefix and the name of a replication slot (not made yet). All of it goes when the
 * test ends. Immutable.
 *
 * @param postgres the database, as superuser
 * @param dataSource the same, without a pool: a new connection each time
 * @param bootstrapServers the broker; it makes no topic unasked
 * @param topics names that no other test has; the topics themselves are the test's to make
 * @param slot a name for the one slot, unused so far
 */
public record TestStack(
        PostgresAddress postgres,
        DataSource dataSource,
        String bootstrapServers,
        Topics topics,
        String slot) {

    /** Shards of each test's database: enough for order across shards to matter. */
    public static final int SHARDS = 2;

    /**
     * The same with another database, which is migrated: for a test that does something to a whole
     * server.
     */
    public TestStack on(PostgresAddress other) throws SQLException {
        return on(other, bootstrapServers, topics, slot);
    }

    /**
     * What a test has that brings both servers itself: the database is migrated; taking it all back
     * is the test's part, too.
     */
    public static TestStack on(
            PostgresAddress own, String bootstrapServers, Topics topics, String slot)
            throws SQLException {
        DataSource database = Databases.source(own);
        Databases.migrate(database);
        return new TestStack(own, database, bootstrapServers, topics, slot);
    }
}
