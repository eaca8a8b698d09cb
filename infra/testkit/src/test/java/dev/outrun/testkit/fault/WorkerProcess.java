package dev.outrun.testkit.fault;

import dev.outrun.ledger.Ledger;
import dev.outrun.ledger.LedgerConfig;
import dev.outrun.ledger.PostgresLedger;
import dev.outrun.schema.sql.PostgresAddress;
import dev.outrun.schema.topic.KafkaAddress;
import dev.outrun.schema.topic.Topics;
import dev.outrun.teststack.TestStack;
import dev.outrun.worker.Input;
import dev.outrun.worker.KafkaSignals;
import dev.outrun.worker.RunContext;
import dev.outrun.worker.ShareGroupTasks;
import dev.outrun.worker.Worker;
import dev.outrun.worker.WorkerConfig;
import java.io.IOException;
import java.io.OutputStream;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A process that is a worker, until it is killed or nobody is there any more to write to it. */
final class WorkerProcess {

    static final String STARTED = "started";

    /** Does two steps, and in its first attempt never comes to the end of what is behind them. */
    static final String HANDLER = "two-steps";

    /** The event that each step emits, and the one that is emitted again and again behind them. */
    static final String STEP = "step";

    static final String ON_AND_ON = "on-and-on";

    private WorkerProcess() {}

    /** Host, port, database, user, password, bootstrap servers, topic prefix, name. */
    public static void main(String[] args) throws IOException {
        var postgres =
                new PostgresAddress(args[0], Integer.parseInt(args[1]), args[2], args[3], args[4]);
        Ledger ledger = PostgresLedger.open(new LedgerConfig(postgres, 4, args[7]));
        KafkaAddress kafka = KafkaAddress.of(args[5]);
        Topics topics = new Topics(args[6]);
        WorkerConfig config = WorkerConfig.of(args[7], System.currentTimeMillis());
        Worker worker =
                Worker.start(
                        config,
                        ledger,
                        new KafkaSignals(kafka, topics, config),
                        List.of(new ShareGroupTasks(kafka, topics, config)),
                        Map.of(HANDLER, WorkerProcess::twoSteps));
        Runtime.getRuntime().addShutdownHook(new Thread(worker::close));
        System.out.println(STARTED);
        System.in.transferTo(OutputStream.nullOutputStream());
        System.exit(0);
    }

    private static @Nullable Object twoSteps(RunContext run, Input input) {
        int first = run.step("first", () -> step(run, 1));
        int second = run.step("second", () -> step(run, 2));
        for (long n = 0; run.attempt() == 1; n++) {
            run.emit(ON_AND_ON, n);
            run.flush();
        }
        return first + second;
    }

    private static int step(RunContext run, int number) {
        run.emit(STEP, number);
        return number;
    }

    /** What {@link #main} takes. */
    static List<String> arguments(TestStack stack, String name) {
        PostgresAddress postgres = stack.postgres();
        return List.of(
                postgres.host(),
                Integer.toString(postgres.port()),
                postgres.database(),
                postgres.user(),
                postgres.password(),
                stack.bootstrapServers(),
                stack.topics().prefix(),
                name);
    }
}
