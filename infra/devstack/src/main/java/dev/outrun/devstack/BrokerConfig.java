package dev.outrun.devstack;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/** The settings of a broker for dev and tests, each with its why. */
public final class BrokerConfig {

    static final int NODE_ID = 1;
    static final String LISTENER = "BROKER";
    static final String CONTROLLER_LISTENER = "CONTROLLER";

    /** One event's data is at most 1 MiB; the rest is for headers and batches. */
    static final int MESSAGE_BYTES_MAX = 2 * 1024 * 1024;

    private BrokerConfig() {}

    /** What holds wherever the broker runs: topics, sizes, groups; nothing of network or disk. */
    public static Map<String, String> anywhere() {
        Map<String, String> config = new LinkedHashMap<>();
        topics(config);
        internalTopics(config);
        groups(config);
        return config;
    }

    /** All settings of the one in this process. */
    static Map<String, String> embedded(Path logDirectory, int port, int controllerPort) {
        Map<String, String> config = anywhere();
        network(config, port, controllerPort);
        storage(config, logDirectory);
        return config;
    }

    /** The same protocol for both listeners. */
    static String protocols(String protocol) {
        return "%s:%s,%s:%s".formatted(LISTENER, protocol, CONTROLLER_LISTENER, protocol);
    }

    private static void network(Map<String, String> config, int port, int controllerPort) {
        String host = LoopbackPorts.HOST;
        config.put("node.id", Integer.toString(NODE_ID));
        config.put("process.roles", "broker,controller");
        config.put(
                "listeners",
                "%s://%s:%d,%s://%s:%d"
                        .formatted(
                                LISTENER, host, port, CONTROLLER_LISTENER, host, controllerPort));
        config.put("advertised.listeners", "%s://%s:%d".formatted(LISTENER, host, port));
        config.put("listener.security.protocol.map", protocols("PLAINTEXT"));
        config.put("inter.broker.listener.name", LISTENER);
        config.put("controller.listener.names", CONTROLLER_LISTENER);
        // A fixed quorum of one: the controller's port may be another at every start, which a
        // quorum written into the metadata log would not allow.
        config.put("controller.quorum.voters", NODE_ID + "@" + host + ":" + controllerPort);
        // After a kill -9 the controller refuses the broker until its old session has timed out
        // (9 s by default); controller and broker stall together, so 3 s is not too short.
        config.put("broker.session.timeout.ms", "3000");
        config.put("broker.heartbeat.interval.ms", "500");
        // Otherwise a record is written and flushed twice a second for ever.
        config.put("metadata.max.idle.interval.ms", "0");
        // One broker on a developer's machine: few threads.
        config.put("num.network.threads", "2");
        config.put("num.io.threads", "2");
        config.put("background.threads", "2");
        config.put("num.replica.fetchers", "1");
        // An MBean per topic and metric costs time and memory and nobody reads it.
        config.put("metric.reporters", "");
        config.put("metrics.jmx.exclude", ".*");
        // Leaves cleanly, so that the next start does not wait for the session timeout.
        config.put("controlled.shutdown.enable", "true");
    }

    private static void topics(Map<String, String> config) {
        // A topic made by a typo, with the wrong number of partitions, is worse than an error.
        config.put("auto.create.topics.enable", "false");
        config.put("delete.topic.enable", "true");
        config.put("num.partitions", "1");
        config.put("default.replication.factor", "1");
        config.put("min.insync.replicas", "1");
        config.put("message.max.bytes", Integer.toString(MESSAGE_BYTES_MAX));
        config.put("replica.fetch.max.bytes", Integer.toString(MESSAGE_BYTES_MAX));
        config.put("compression.type", "producer");
        // Run topics are the log itself: nothing is deleted by age or size unless a topic says so.
        config.put("log.retention.ms", "-1");
        config.put("log.retention.bytes", "-1");
        // Thousands of small topics: an index entry per MiB keeps them from ever faulting in an
        // index page, and a whole segment (1 GiB) then needs at most 12 KiB of index.
        config.put("log.index.interval.bytes", Integer.toString(1024 * 1024));
        config.put("log.index.size.max.bytes", Integer.toString(16 * 1024));
        config.put("log.segment.bytes", Integer.toString(1024 * 1024 * 1024));
        // Deleted topics free their files and memory maps after a second, not after a minute.
        config.put("log.segment.delete.delay.ms", "1000");
        config.put("log.cleaner.enable", "true");
    }

    private static void storage(Map<String, String> config, Path logDirectory) {
        config.put("log.dirs", logDirectory.toString());
        config.put("log.cleaner.threads", "1");
        // Allocated at the start, 128 MiB by default; 4 MiB hold some 170,000 keys per pass.
        config.put("log.cleaner.dedupe.buffer.size", Integer.toString(4 * 1024 * 1024));
        // After a kill -9 every log is recovered: as fast as the machine can.
        config.put(
                "num.recovery.threads.per.data.dir",
                Integer.toString(Math.max(2, Runtime.getRuntime().availableProcessors())));
    }

    private static void internalTopics(Map<String, String> config) {
        // One broker: one replica. Few partitions: each costs start time and two memory maps.
        config.put("offsets.topic.replication.factor", "1");
        config.put("offsets.topic.num.partitions", "4");
        config.put("transaction.state.log.replication.factor", "1");
        config.put("transaction.state.log.min.isr", "1");
        config.put("transaction.state.log.num.partitions", "4");
        config.put("share.coordinator.state.topic.replication.factor", "1");
        config.put("share.coordinator.state.topic.min.isr", "1");
        config.put("share.coordinator.state.topic.num.partitions", "4");
        // A data folder that was not started for a week (the default) would lose its consumers'
        // offsets: ten years.
        config.put("offsets.retention.minutes", Integer.toString(10 * 365 * 24 * 60));
    }

    private static void groups(Map<String, String> config) {
        // Members arrive one by one here: waiting for more only delays the first.
        config.put("group.initial.rebalance.delay.ms", "0");
        config.put("group.streams.initial.rebalance.delay.ms", "0");
        // Lets a test ask for a short session: a dead member is then noticed quickly.
        config.put("group.min.session.timeout.ms", "500");
        for (String protocol : new String[] {"consumer", "share", "streams"}) {
            String group = "group." + protocol + ".";
            config.put(group + "min.session.timeout.ms", "500");
            config.put(group + "min.heartbeat.interval.ms", "100");
            // A member hears of its assignment with its next heartbeat, after 5 s by default.
            config.put(group + "heartbeat.interval.ms", "500");
            config.put(group + "session.timeout.ms", "10000");
            config.put(group + "assignment.interval.ms", "0");
        }
        // A task is acknowledged once it is claimed, well within the default lock of 30 s; tests
        // may ask for a shorter one.
        config.put("group.share.record.lock.duration.ms", "30000");
        config.put("group.share.min.record.lock.duration.ms", "1000");
        config.put("group.share.delivery.count.limit", "10");
    }
}
