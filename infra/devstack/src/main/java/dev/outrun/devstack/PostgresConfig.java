package dev.outrun.devstack;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Collectors;

/** The settings of a Postgres for dev and tests, each with its why; all exist in 15 to 18. */
public final class PostgresConfig {

    private PostgresConfig() {}

    /** The text of {@code postgresql.conf}. */
    static String text(int port, boolean durable) {
        Map<String, String> config = anywhere(durable);
        config.put("listen_addresses", LoopbackPorts.HOST);
        config.put("port", Integer.toString(port));
        // No socket file: its folder would have to be writable, and its path short.
        config.put("unix_socket_directories", "");
        return config.entrySet().stream()
                .map(entry -> entry.getKey() + " = '" + entry.getValue() + "'\n")
                .collect(Collectors.joining("", "# Written anew at every start.\n", ""));
    }

    /**
     * What holds wherever the server runs; nothing of network.
     *
     * @param durable whether a commit survives a power failure
     */
    public static Map<String, String> anywhere(boolean durable) {
        Map<String, String> config = new LinkedHashMap<>();
        config.put("max_connections", "300");
        config.put("shared_buffers", "64MB");
        // Statements here are short: compiling them costs more than it saves.
        config.put("jit", "off");

        // What an outbox connector needs. A test has a slot of its own, and many run at once.
        config.put("wal_level", "logical");
        config.put("max_replication_slots", "64");
        config.put("max_wal_senders", "64");
        // A pause in a debugger shorter than this does not cost the stream.
        config.put("wal_sender_timeout", "60s");

        // A test's database does not outlive its server: nothing is worth waiting for the disk.
        config.put("fsync", durable ? "on" : "off");
        config.put("full_page_writes", durable ? "on" : "off");
        // On for both: a commit that does not flush its log reaches the connector only when the
        // log writer next wakes up, up to 200 ms later. Without fsync the flush costs nothing.
        config.put("synchronous_commit", "on");

        config.put("timezone", "UTC");
        config.put("log_timezone", "UTC");
        config.put("log_min_messages", "warning");
        return config;
    }
}
