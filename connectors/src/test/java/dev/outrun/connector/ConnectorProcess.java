package dev.outrun.connector;

import dev.outrun.schema.sql.PostgresAddress;
import dev.outrun.schema.topic.Topics;

/** A process that is a connector, until it is killed. */
final class ConnectorProcess {

    static final String STARTED = "started";

    private ConnectorProcess() {}

    /** Host, port, database, user, password, bootstrap servers, topic prefix, slot. */
    public static void main(String[] args) throws InterruptedException {
        OutboxConnector.start(
                ConnectorConfig.of(
                        new PostgresAddress(
                                args[0], Integer.parseInt(args[1]), args[2], args[3], args[4]),
                        args[5],
                        new Topics(args[6]),
                        args[7]));
        System.out.println(STARTED);
        Thread.currentThread().join();
    }
}
