package dev.outrun.bench;

import dev.outrun.bench.figure.Figures;
import dev.outrun.bench.limit.OutboxRouter;
import dev.outrun.bench.load.Tick;
import dev.outrun.bench.load.Writers;
import dev.outrun.bench.reader.TopicReader;
import dev.outrun.bench.stack.BenchServers;
import dev.outrun.schema.run.RunId;
import dev.outrun.server.OutrunConfig;
import java.security.SecureRandom;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** A peer: Debezium's embedded engine with its Outbox Event Router, as people run it, and tuned. */
@Command(
        name = "debezium",
        description =
                "A peer: Debezium's embedded engine and Outbox Event Router, with its default"
                        + " settings and tuned: how long a row takes until a Kafka consumer has it.",
        mixinStandardHelpOptions = true)
final class DebeziumCommand implements Callable<Integer> {

    private static final String TABLE =
            "create table outbox (id uuid primary key default gen_random_uuid(),"
                    + " aggregatetype text not null default 'run', aggregateid uuid not null,"
                    + " type text not null default 'tick', payload jsonb not null)";
    private static final String INSERT =
            "insert into outbox (aggregateid, payload) values (?, ?::jsonb)";

    private static final int AGGREGATES = 100;

    @Spec CommandSpec spec;

    @Mixin Load load;

    @Mixin Timing timing;

    @Mixin Repetitions repeated;

    @Override
    public Integer call() throws Exception {
        load.check(spec);
        timing.check(spec);
        repeated.check(spec);
        Report report = new Report(spec, repeated);
        measure(report, "default settings", Map.of());
        measure(report, "tuned", OutboxRouter.TUNED);
        return report.end();
    }

    private void measure(Report report, String part, Map<String, String> settings)
            throws Exception {
        Tick tick = load.tick();
        try (BenchServers servers = BenchServers.own()) {
            OutrunConfig config = servers.config();
            SecureRandom random = new SecureRandom();
            List<RunId> aggregates =
                    Stream.generate(() -> RunId.mint(InstantSource.system(), random))
                            .limit(AGGREGATES)
                            .toList();
            servers.execute(TABLE);
            try (OutboxRouter router = new OutboxRouter(config, servers.folder(), settings);
                    TopicReader consumer =
                            new TopicReader(config.kafka(), List.of(OutboxRouter.TOPIC));
                    Writers insert = new Writers(config.postgres(), load.writers, INSERT)) {
                router.start();
                timing.measure(
                        report,
                        part,
                        seconds -> {
                            long events = load.events(seconds);
                            Figures figures = new Figures();
                            figures.add(
                                    "transaction",
                                    insert.write(aggregates, load.rate, seconds, tick::data));
                            return figures.add(
                                    "due to consumer",
                                    report.whole(consumer.await(events), events));
                        });
            }
        }
    }
}
