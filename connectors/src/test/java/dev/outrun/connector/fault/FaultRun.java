package dev.outrun.connector.fault;

import dev.outrun.connector.ConnectorProcess;
import dev.outrun.connector.audit.AuditReport;
import dev.outrun.connector.audit.AuditScope;
import dev.outrun.connector.audit.Auditor;
import dev.outrun.connector.fault.Fault.Pace;
import dev.outrun.teststack.TestStack;
import dev.outrun.teststack.process.JavaServer;
import dev.outrun.teststack.process.Server;
import java.io.IOException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** One schedule, from the first write to the audit. One thread. */
final class FaultRun implements AutoCloseable {

    /** Between two looks at whether something has gone wrong. */
    private static final Duration LOOK = Duration.ofMillis(200);

    /** Without a single event more: whatever was done, the three go on by themselves. */
    private static final Duration STILL_MAX = Duration.ofSeconds(90);

    private static final Duration LIMIT = Duration.ofSeconds(90);

    /**
     * What the connector must not say. It mends run topics that others have damaged; here nobody
     * has, so there is nothing to mend.
     */
    private static final List<String> TROUBLES =
            List.of(
                    ConnectorProcess.REFUSED + "INTERNAL",
                    "connector halted",
                    "run halted",
                    "filling a run topic from the table",
                    "making a run topic anew");

    private final FaultStack stack;
    private final FaultSchedule schedule;
    private final TestStack own;
    private final JavaServer connector;
    private final List<String> story = new ArrayList<>();
    private final long begin = System.nanoTime();

    /** Makes what the schedule has to itself, and starts a connector. */
    FaultRun(FaultStack stack, FaultSchedule schedule) throws SQLException, IOException {
        this.stack = stack;
        this.schedule = schedule;
        this.own = stack.make("faults_" + Long.toUnsignedString(schedule.seed()));
        this.connector =
                new JavaServer(
                        new JavaServer.Program(
                                ConnectorProcess.class,
                                "512m",
                                ConnectorProcess.arguments(own, schedule.source()),
                                ConnectorProcess.STARTED,
                                List.of(ConnectorProcess.DRAINED, ConnectorProcess.NOT_DRAINED),
                                TROUBLES),
                        log(stack, schedule));
    }

    private static Path log(FaultStack stack, FaultSchedule schedule) {
        return stack.folder().resolve("connector-" + schedule.seed() + ".log");
    }

    /**
     * Does all that the schedule says while others write, lets everything settle, and audits.
     *
     * @throws AssertionError if the three do not go on by themselves
     */
    AuditReport play() throws SQLException, InterruptedException {
        connector.awaitReady(LIMIT);
        try (Connection connection = own.dataSource().getConnection();
                Statement statement = connection.createStatement()) {
            statement.execute("select outrun.register_handlers(array['test'])");
        }
        try (Writers writers = new Writers(own.dataSource()::getConnection, schedule.seed());
                Firehose firehose = new Firehose(stack.kafka(), own.topics().events())) {
            for (Fault fault : schedule.faults()) {
                await(fault.pace(), writers, firehose);
                note(fault.toString(), writers);
                fault.strike(server(fault.target()));
            }
            await(new Pace(Pace.Unit.PUBLISHED, 1), writers, firehose);
            writers.stop(LIMIT);
            note("all is up, the writers have stopped", writers);
        }
        drain();
        return Auditor.audit(
                own.postgres(), stack.kafka(), own.topics(), own.slot(), LIMIT, AuditScope.ALL);
    }

    /** What has been done so far, and how to do it again. */
    String story() {
        return "seed %d, again with: ./outrun faults --schedules 1 --seed %d%n%s%nlogs: %s"
                .formatted(
                        schedule.seed(), schedule.seed(), String.join("\n", story), stack.folder());
    }

    /** Gives back what it had to itself. */
    void tidyUp() throws SQLException, InterruptedException, ExecutionException {
        close();
        stack.takeBack(own);
    }

    @Override
    public void close() {
        connector.close();
    }

    private Server server(Fault.Target target) {
        return switch (target) {
            case CONNECTOR -> connector;
            case BROKER -> stack.broker();
            case POSTGRES -> stack.postgres();
        };
    }

    private void await(Pace pace, Writers writers, Firehose firehose) throws InterruptedException {
        firehose.leaveOut();
        int left = pace.events();
        long moved = System.nanoTime();
        while (left > 0) {
            int more =
                    switch (pace.unit()) {
                        case WRITTEN -> writers.awaitWritten(left, LOOK);
                        case PUBLISHED -> firehose.read(LOOK);
                    };
            left -= more;
            long now = System.nanoTime();
            if (more > 0) {
                moved = now;
            } else if (now - moved > STILL_MAX.toNanos()) {
                throw new AssertionError("nothing has moved for " + STILL_MAX + ": " + pace);
            }
            checkNoTrouble(writers);
        }
    }

    private void checkNoTrouble(Writers writers) {
        @Nullable String trouble =
                Stream.of(connector, stack.broker(), stack.postgres())
                        .map(Server::trouble)
                        .filter(found -> found != null)
                        .findFirst()
                        .orElseGet(writers::trouble);
        if (trouble != null) {
            throw new AssertionError(trouble);
        }
    }

    private void drain() throws InterruptedException {
        connector.awaitReady(LIMIT);
        String answer = connector.ask(ConnectorProcess.DRAIN, LIMIT);
        if (!answer.equals(ConnectorProcess.DRAINED) || connector.trouble() != null) {
            throw new AssertionError(answer + " " + connector.trouble());
        }
    }

    private void note(String what, Writers writers) {
        story.add(
                "  %6.1f s %7d written: %s"
                        .formatted((System.nanoTime() - begin) / 1e9, writers.written(), what));
    }
}
