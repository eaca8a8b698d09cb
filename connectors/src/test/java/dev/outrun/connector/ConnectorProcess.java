package dev.outrun.connector;

import dev.outrun.connector.ConnectorConfig.SourceSettings;
import dev.outrun.connector.ConnectorConfig.SourceSettings.Kind;
import dev.outrun.schema.error.ErrorCode;
import dev.outrun.schema.error.OutrunException;
import dev.outrun.schema.sql.PostgresAddress;
import dev.outrun.schema.topic.Topics;
import dev.outrun.teststack.TestStack;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.LockSupport;

/**
 * A process that is a connector, until it is killed, told to stop by a signal, or nobody is there
 * any more to write to it. To each line of {@link #DRAIN} it says {@link #DRAINED}, or why not; to
 * each {@link #ASK}, how it is: {@code health: RUNNING 40}, with the number of records that wait
 * for Kafka, one for each lane; to {@link #PAUSE} and {@link #STEP}, followed by a number of
 * appends, {@link #DONE} when that is done; to {@link #ASK_HEAP}, {@code heap: 120}, the megabytes
 * that are in use after a collection.
 */
public final class ConnectorProcess {

    public static final String STARTED = "started";

    /** Said by one that cannot start, followed by the error's code. */
    public static final String REFUSED = "refused: ";

    public static final String ASK = "health?";
    public static final String HEALTH = "health: ";
    public static final String ASK_HEAP = "heap?";
    public static final String HEAP = "heap: ";
    public static final String PAUSE = "pause";
    public static final String STEP = "step ";
    public static final String DONE = "done";
    public static final String DRAIN = "drain";
    public static final String DRAINED = "drained";
    public static final String NOT_DRAINED = "not drained: ";

    private static final Duration ASK_AGAIN = Duration.ofMillis(20);

    /** A connector may have minutes of others' work to catch up with. */
    private static final Duration LIMIT = Duration.ofMinutes(4);

    private ConnectorProcess() {}

    /** Host, port, database, user, password, bootstrap servers, topic prefix, slot, kind, slots. */
    public static void main(String[] args)
            throws InterruptedException, IOException, TimeoutException {
        MeterRegistry metrics = new SimpleMeterRegistry();
        OutboxConnector connector = start(args, metrics);
        Runtime.getRuntime().addShutdownHook(new Thread(connector::close));
        System.out.println(STARTED);
        BufferedReader told =
                new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = told.readLine(); line != null; line = told.readLine()) {
            if (line.equals(DRAIN)) {
                System.out.println(drain(connector));
            } else if (line.equals(ASK)) {
                System.out.println(HEALTH + connector.health().state() + " " + inFlight(metrics));
            } else if (line.equals(ASK_HEAP)) {
                System.gc();
                Runtime runtime = Runtime.getRuntime();
                System.out.println(HEAP + ((runtime.totalMemory() - runtime.freeMemory()) >> 20));
            } else if (line.equals(PAUSE)) {
                connector.pause();
                System.out.println(DONE);
            } else if (line.startsWith(STEP)) {
                connector.step(Integer.parseInt(line.substring(STEP.length())), LIMIT);
                System.out.println(DONE);
            }
        }
        System.exit(0);
    }

    /** What {@link #main} takes, for a connector on all that is the stack's own. */
    public static List<String> arguments(TestStack stack) {
        return arguments(stack, SourceSettings.DEFAULT);
    }

    /** The same, fed in this way. */
    public static List<String> arguments(TestStack stack, SourceSettings source) {
        PostgresAddress postgres = stack.postgres();
        return List.of(
                postgres.host(),
                Integer.toString(postgres.port()),
                postgres.database(),
                postgres.user(),
                postgres.password(),
                stack.bootstrapServers(),
                stack.topics().prefix(),
                stack.slot(),
                source.kind().name(),
                Integer.toString(source.slots()));
    }

    private static long inFlight(MeterRegistry metrics) {
        return metrics.get("outrun.connector.records.in.flight").gauges().stream()
                .mapToLong(each -> (long) each.value())
                .sum();
    }

    private static OutboxConnector start(String[] args, MeterRegistry metrics)
            throws InterruptedException {
        try {
            return OutboxConnector.start(
                    ConnectorConfig.of(
                                    new PostgresAddress(
                                            args[0],
                                            Integer.parseInt(args[1]),
                                            args[2],
                                            args[3],
                                            args[4]),
                                    args[5],
                                    new Topics(args[6]),
                                    args[7])
                            .withSource(
                                    SourceSettings.of(
                                            Kind.valueOf(args[8]), Integer.parseInt(args[9]))),
                    metrics);
        } catch (OutrunException e) {
            e.printStackTrace();
            System.out.println(REFUSED + e.code());
            System.exit(1);
            throw e;
        }
    }

    /** A Postgres that was stopped a moment ago may still be away: it is asked again. */
    private static String drain(OutboxConnector connector) throws InterruptedException {
        long deadline = System.nanoTime() + LIMIT.toNanos();
        while (true) {
            try {
                connector.drainOnce(LIMIT);
                return DRAINED;
            } catch (OutrunException | TimeoutException e) {
                boolean away =
                        e instanceof OutrunException refused
                                && refused.code() == ErrorCode.UNAVAILABLE;
                if (!away || System.nanoTime() - deadline > 0) {
                    return NOT_DRAINED + e + " " + connector.health();
                }
                LockSupport.parkNanos(ASK_AGAIN.toNanos());
            }
        }
    }
}
