package dev.outrun.bench;

import dev.outrun.bench.figure.Ages;
import dev.outrun.bench.figure.Figures;
import dev.outrun.bench.figure.Micros;
import dev.outrun.bench.load.Connections;
import dev.outrun.bench.load.Tick;
import dev.outrun.bench.load.Writers;
import dev.outrun.bench.stack.BenchServers;
import dev.outrun.schema.run.RunId;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** What an append and a start cost with nothing behind them, and with a month of history. */
@Command(
        name = "history",
        description =
                "How long an append and a start take in an empty database, and in one with so many"
                        + " appends of the last month.",
        mixinStandardHelpOptions = true)
final class HistoryCommand implements Callable<Integer> {

    static final String APPEND = "append";
    static final String START = "start";

    private static final int DAYS = 30;
    private static final int APPENDS_PER_RUN = 100;

    private static final String MAKE_DAYS =
            """
            do $$
            declare
                day date;
            begin
                for n in 1 .. %d loop
                    day := (now() at time zone 'UTC')::date - n;
                    execute format(
                        'create table outrun.%%I partition of outrun.run_outbox for values from (%%L) to (%%L)',
                        'run_outbox_' || to_char(day, 'YYYYMMDD'),
                        day::timestamp at time zone 'UTC', (day + 1)::timestamp at time zone 'UTC');
                end loop;
            end $$
            """
                    .formatted(DAYS);

    @Spec CommandSpec spec;

    @Option(
            names = "--appends",
            defaultValue = "10000000",
            description = "Behind them, over thirty days (default: ${DEFAULT-VALUE}).")
    int appends;

    @Option(
            names = "--calls",
            defaultValue = "5000",
            description = "Of each kind, one after the other (default: ${DEFAULT-VALUE}).")
    int calls;

    @Mixin Servers on;

    @Mixin Repetitions repeated;

    @Override
    public Integer call() throws Exception {
        repeated.check(spec);
        Repetitions.check(spec, "--appends", appends, APPENDS_PER_RUN);
        Repetitions.check(spec, "--calls", calls, 1);
        Report report = new Report(spec, repeated);
        try (BenchServers servers = on.open(spec);
                Connection connection = Connections.open(servers.config().postgres())) {
            register(connection);
            report.progress("warm-up");
            measure(connection);
            Figures without = report.repeat("empty", () -> measure(connection));
            report.progress("making " + appends + " appends");
            make(connection);
            report.progress("warm-up");
            measure(connection);
            Figures with = report.repeat(appends + " appends", () -> measure(connection));
            for (String kind : List.of(APPEND, START)) {
                report.ratio(
                        kind + " with history to without, p50",
                        with.value(kind, "p50"),
                        without.value(kind, "p50"));
            }
        }
        return report.end();
    }

    private static String makeRuns(int runs) {
        return """
        insert into outrun.run (id, tenant, queue, handler, shard, status, next_seq, input,
                                created_at, updated_at, finished_at)
        select gen_random_uuid(), 'default', 'bench', 'nobody', n %% 4, 'completed', %d, '1', at, at, at
        from (select n, now() - (1 + n %% %d) * interval '1 day' as at
              from generate_series(1, %d) n) made
        """
                .formatted(APPENDS_PER_RUN, DAYS, runs);
    }

    private static String makeAppends() {
        return """
        insert into outrun.run_outbox (run_id, first_seq, tenant, shard, attempt, events,
                                       appended_at, appended_us)
        select r.id, seq, r.tenant, r.shard, 0, '[{"type":"tick","data":%s}]'::json, r.created_at,
               (extract(epoch from r.created_at) * 1000000)::bigint
        from outrun.run r cross join generate_series(0, %d) seq
        where r.finished_at is not null
        """
                .formatted(new Tick(300).data(Micros.now()), APPENDS_PER_RUN - 1);
    }

    private static void register(Connection connection) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.execute("select outrun.register_handlers(array['nobody'])");
        }
    }

    private void make(Connection connection) throws SQLException {
        int runs = appends / APPENDS_PER_RUN;
        try (Statement statement = connection.createStatement()) {
            statement.execute(MAKE_DAYS);
            statement.execute(makeRuns(runs));
            statement.execute(makeAppends());
            statement.execute("vacuum analyze outrun.run_outbox");
            statement.execute("vacuum analyze outrun.run");
            statement.execute("checkpoint");
        }
    }

    /** Runs are started, and then appended to, each by a transaction of its own. */
    private Figures measure(Connection connection) throws SQLException {
        List<RunId> started = new ArrayList<>(calls);
        Ages starts = new Ages();
        try (PreparedStatement start =
                connection.prepareStatement("select outrun.start_run('nobody', input => '1')")) {
            for (int n = 0; n < calls; n++) {
                long begin = System.nanoTime();
                try (var result = start.executeQuery()) {
                    result.next();
                    started.add(new RunId(result.getObject(1, UUID.class)));
                }
                starts.add(TimeUnit.NANOSECONDS.toMicros(System.nanoTime() - begin));
            }
        }
        Tick tick = new Tick(300);
        Ages appended = new Ages();
        try (PreparedStatement append = connection.prepareStatement(Writers.APPEND)) {
            for (RunId run : started) {
                append.setObject(1, run.value());
                append.setString(2, tick.append(Micros.now(), 1));
                long begin = System.nanoTime();
                append.execute();
                appended.add(TimeUnit.NANOSECONDS.toMicros(System.nanoTime() - begin));
            }
        }
        return new Figures().add(START, starts).add(APPEND, appended);
    }
}
