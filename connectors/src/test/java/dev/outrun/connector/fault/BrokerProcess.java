package dev.outrun.connector.fault;

import dev.outrun.devstack.EmbeddedBroker;
import java.io.IOException;
import java.nio.file.Path;

/**
 * A process that is a broker, until it is killed, told to stop by a signal, or nobody is there any
 * more to write to it.
 */
final class BrokerProcess {

    static final String STARTED = "started";

    private BrokerProcess() {}

    /** Directory, port. */
    public static void main(String[] args) throws IOException {
        EmbeddedBroker broker =
                EmbeddedBroker.start(
                        new EmbeddedBroker.Settings(Path.of(args[0]), Integer.parseInt(args[1])));
        Runtime.getRuntime().addShutdownHook(new Thread(broker::close));
        System.out.println(STARTED);
        System.in.read();
        System.exit(0);
    }
}
