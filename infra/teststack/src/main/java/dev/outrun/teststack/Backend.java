package dev.outrun.teststack;

import dev.outrun.schema.sql.PostgresAddress;

/** The two servers that all tests of a JVM share, running; closing stops them. */
interface Backend extends AutoCloseable {

    /** As superuser, in a database that is not a test's. */
    PostgresAddress postgres();

    String bootstrapServers();

    @Override
    void close();
}
