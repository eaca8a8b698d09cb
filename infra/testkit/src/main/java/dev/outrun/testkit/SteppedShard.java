package dev.outrun.testkit;

import dev.outrun.engine.EngineProperties;
import dev.outrun.engine.EngineSettings;
import dev.outrun.engine.EngineTopology;
import dev.outrun.engine.Guarantee;
import dev.outrun.engine.ShardHost;
import dev.outrun.schema.json.WireJson;
import dev.outrun.schema.topic.KafkaAddress;
import dev.outrun.schema.topic.Topics;
import dev.outrun.schema.work.Heartbeat;
import dev.outrun.streams.DeadLetters;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.TestInputTopic;
import org.apache.kafka.streams.TestOutputTopic;
import org.apache.kafka.streams.TopologyTestDriver;
import org.apache.kafka.streams.state.KeyValueBytesStoreSupplier;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.test.TestRecord;
import org.jspecify.annotations.Nullable;

/**
 * One shard of the engine, stepped: the engine's own topology on a driver that knows one partition.
 * Its stores and its place in its input are, after a crash, those of its last commit. What it says
 * is said at once; where the guarantee is exactly once, with its next commit, and a crash takes it
 * back.
 */
final class SteppedShard implements AutoCloseable {

    private static final Topics TOPICS = new Topics("stepped");

    /** Where the engine's records go, by topic. */
    interface Outlet {
        void sent(String topic, byte[] value);
    }

    private final EngineSettings settings;
    private final Guarantee guarantee;
    private final List<TestRecord<byte[], byte[]>> events;
    private final List<TestRecord<byte[], byte[]>> heartbeats = new ArrayList<>();
    private final Outlet outlet;
    private Map<String, Map<Bytes, byte[]>> committed = Map.of();
    private int read;
    private int readCommitted;
    private int heard;
    private Life life;

    /** A shard of the engine that begins with nothing. */
    SteppedShard(
            EngineSettings settings,
            Guarantee guarantee,
            List<TestRecord<byte[], byte[]>> events,
            Instant now,
            Outlet outlet) {
        this.settings = settings;
        this.guarantee = guarantee;
        this.events = events;
        this.outlet = outlet;
        this.life = new Life(settings, Map.of(), now);
    }

    static Topics topics() {
        return TOPICS;
    }

    /** A sign of life has come. */
    void hear(Heartbeat heartbeat) {
        heartbeats.add(
                new TestRecord<>(
                        heartbeat.worker().getBytes(StandardCharsets.UTF_8),
                        WireJson.write(heartbeat)));
    }

    boolean hasInput() {
        return read < events.size() || heard < heartbeats.size();
    }

    /** Takes every sign of life, and one event, if there is one. */
    void takeOne() {
        while (heard < heartbeats.size()) {
            life.heartbeats.pipeInput(heartbeats.get(heard));
            heard++;
        }
        if (read < events.size()) {
            life.events.pipeInput(events.get(read));
            read++;
        }
        sayUnlessCommitted();
    }

    /** It is this late now: timers fire. */
    void moveTo(Instant now) {
        life.moveTo(now);
        sayUnlessCommitted();
    }

    private void sayUnlessCommitted() {
        if (guarantee == Guarantee.AT_LEAST_ONCE) {
            life.say(outlet);
        }
    }

    /** When it acts next, if it hears of nothing before; null: never. */
    @Nullable Instant nextDue() {
        return life.nextDue.get();
    }

    /** Whether there is something that its next commit is to say. */
    boolean hasUnsaid() {
        return life.hasUnsaid();
    }

    void commit() {
        life.say(outlet);
        committed = life.stored();
        readCommitted = read;
        heartbeats.subList(0, heard).clear();
        heard = 0;
    }

    /** Dies, and is taken over at once. */
    void crash(Instant now) {
        life.close();
        life = new Life(settings, committed, now);
        read = readCommitted;
        heard = 0;
    }

    @Override
    public void close() {
        life.close();
    }

    /** From one start to the crash after it. */
    private static final class Life implements ShardHost, AutoCloseable {

        private final Map<String, Map<Bytes, byte[]>> restored;
        private final Map<String, KeyValueStore<Bytes, byte[]>> stores = new HashMap<>();
        private final TopologyTestDriver driver;
        private final TestInputTopic<byte[], byte[]> events;
        private final TestInputTopic<byte[], byte[]> heartbeats;
        private final List<TestOutputTopic<byte[], byte[]>> outputs = new ArrayList<>();
        private final List<String> outputNames =
                List.of(TOPICS.tasks(), TOPICS.decisions(), TOPICS.interrupts(), TOPICS.runs());
        private Supplier<@Nullable Instant> nextDue = () -> null;
        private Instant now;

        Life(EngineSettings settings, Map<String, Map<Bytes, byte[]>> restored, Instant now) {
            this.restored = restored;
            this.now = now;
            var properties =
                    new EngineProperties(
                            KafkaAddress.of("nowhere:1"),
                            TOPICS,
                            Guarantee.AT_LEAST_ONCE, // the driver's; the shard's is kept above
                            "stepped",
                            1,
                            Path.of("no-state"),
                            1);
            driver =
                    new TopologyTestDriver(
                            EngineTopology.create(
                                    TOPICS, settings, new DeadLetters("stepped"), this),
                            properties.toProperties(),
                            now);
            var bytes = new ByteArraySerializer();
            events = driver.createInputTopic(TOPICS.events(), bytes, bytes);
            heartbeats = driver.createInputTopic(TOPICS.heartbeats(), bytes, bytes);
            var read = new ByteArrayDeserializer();
            outputNames.forEach(topic -> outputs.add(driver.createOutputTopic(topic, read, read)));
        }

        @Override
        public KeyValueBytesStoreSupplier store(String name) {
            KeyValueBytesStoreSupplier memory = ShardHost.super.store(name);
            return new KeyValueBytesStoreSupplier() {

                @Override
                public String name() {
                    return memory.name();
                }

                @Override
                public KeyValueStore<Bytes, byte[]> get() {
                    KeyValueStore<Bytes, byte[]> store = memory.get();
                    restored.getOrDefault(name, Map.of()).forEach(store::put);
                    stores.put(name, store);
                    return store;
                }

                @Override
                public String metricsScope() {
                    return memory.metricsScope();
                }
            };
        }

        @Override
        public void begins(Supplier<@Nullable Instant> nextDueOfShard) {
            nextDue = nextDueOfShard;
        }

        /** To the millisecond, as its clock is; never back. */
        void moveTo(Instant time) {
            Duration passed = Duration.ofMillis(time.toEpochMilli() - now.toEpochMilli());
            if (passed.isPositive()) {
                driver.advanceWallClockTime(passed);
                now = now.plus(passed);
            }
        }

        /** Whether it has something to say. */
        boolean hasUnsaid() {
            return outputs.stream().anyMatch(output -> !output.isEmpty());
        }

        /** Says what it has to say since the last time. */
        void say(Outlet outlet) {
            for (int each = 0; each < outputs.size(); each++) {
                String topic = outputNames.get(each);
                Consumer<byte[]> sent = value -> outlet.sent(topic, value);
                outputs.get(each).readValuesToList().forEach(sent);
            }
        }

        Map<String, Map<Bytes, byte[]>> stored() {
            Map<String, Map<Bytes, byte[]>> copies = new HashMap<>();
            stores.forEach((name, store) -> {
                Map<Bytes, byte[]> copy = new HashMap<>();
                try (var all = store.all()) {
                    all.forEachRemaining(entry -> copy.put(entry.key, entry.value));
                }
                copies.put(name, copy);
            });
            return copies;
        }

        @Override
        public void close() {
            driver.close();
        }
    }
}
