package dev.outrun.devstack;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.random.RandomGenerator;

/** Free TCP ports of the loopback address, for servers that must be told theirs. */
public final class LoopbackPorts {

    static final String HOST = "127.0.0.1";

    /**
     * Below those that systems give to whoever connects (32768 and up): a client, even one that
     * asks again and again for the server itself, might be given that server's port.
     */
    private static final int MIN = 10_000;

    private static final int MAX = 32_000;

    /** When so many of them are taken, something else is wrong. */
    private static final int TRIES = 1_000;

    private LoopbackPorts() {}

    /**
     * So many different ports, free at this moment, and none that is given to clients. Nothing but
     * chance keeps another process from taking one before its server does, which then fails to
     * start.
     */
    public static List<Integer> free(int count) {
        RandomGenerator random = new Random();
        Set<Integer> found = new LinkedHashSet<>();
        for (int tried = 0; found.size() < count; tried++) {
            int port = random.nextInt(MIN, MAX);
            if (isFree(port)) {
                found.add(port);
            } else if (tried > TRIES) {
                throw new IllegalStateException("no free port on " + HOST);
            }
        }
        return List.copyOf(found);
    }

    /**
     * The port, which nobody listens on at this moment.
     *
     * @throws IllegalStateException if somebody does
     */
    static int requireFree(int port) {
        try {
            bind(port);
            return port;
        } catch (IOException e) {
            throw new IllegalStateException("cannot bind " + HOST + ":" + port, e);
        }
    }

    private static boolean isFree(int port) {
        try {
            bind(port);
            return true;
        } catch (IOException e) {
            return false;
        }
    }

    private static void bind(int port) throws IOException {
        new ServerSocket(port, 1, InetAddress.ofLiteral(HOST)).close();
    }
}
