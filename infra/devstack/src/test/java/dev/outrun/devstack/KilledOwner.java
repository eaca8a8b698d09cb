package dev.outrun.devstack;

import java.nio.file.Path;

/** The program that {@link KilledOwnerTest} kills: starts both, writes to both, says so, waits. */
final class KilledOwner {

    static final String WRITTEN = "written";
    static final String TOPIC = "kept";

    private KilledOwner() {}

    public static void main(String[] arguments) throws Exception {
        Path directory = Path.of(arguments[0]);
        boolean durable = Boolean.parseBoolean(arguments[1]);
        EmbeddedPostgres postgres =
                EmbeddedPostgres.start(
                        new EmbeddedPostgres.Settings(
                                directory.resolve("postgres"),
                                0,
                                durable,
                                PostgresBinaries.bundled()));
        EmbeddedBroker broker =
                EmbeddedBroker.start(new EmbeddedBroker.Settings(directory.resolve("broker"), 0));
        Sql.run(postgres.address(), "create table kept as select 'yes' as value");
        Topic topic = new Topic(broker.bootstrapServers(), TOPIC);
        topic.create();
        topic.append("yes");
        System.out.println(WRITTEN);
        System.in.read(); // ends with the test at the latest
    }
}
