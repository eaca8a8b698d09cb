package dev.outrun.connector.audit;

import dev.outrun.schema.error.ErrorCode;
import dev.outrun.schema.error.OutrunException;
import dev.outrun.schema.run.RunId;
import dev.outrun.schema.sql.PostgresAddress;
import dev.outrun.schema.topic.KafkaAddress;
import dev.outrun.schema.topic.Topics;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/**
 * Audits, has the connector mend what it can, and audits again. Only the connector writes: it is
 * asked by {@code outrun.repair}, and meets that in the order of the log.
 *
 * <p>A run topic is made what the ledger says. What the firehose lacks is appended to it. Nothing
 * is ever taken out of the firehose or put into another order there: readers leave out by their seq
 * what they have seen.
 */
public final class Repair {

    /** Two at once would both append what the firehose lacks. Of this number nobody else knows. */
    private static final String LOCK = "select pg_try_advisory_lock(hashtext('outrun.repair'))";

    private static final String UNLOCK = "select pg_advisory_unlock(hashtext('outrun.repair'))";

    private static final String ASK = "select outrun.repair(?, ?, ?)";

    private Repair() {}

    /**
     * Repairs the runs in scope. If the connector is behind, or has nothing to mend, no run is
     * asked for.
     *
     * @param patience for the connector, before and after
     * @throws OutrunException {@code unavailable} where Postgres or Kafka cannot be read, or
     *     somebody else is repairing
     */
    public static RepairReport repair(
            PostgresAddress postgres,
            KafkaAddress kafka,
            Topics topics,
            String slot,
            Duration patience,
            AuditScope scope)
            throws InterruptedException {
        try (Connection connection = LedgerLog.connect(postgres)) {
            if (!isTrue(connection, LOCK)) {
                throw new OutrunException(
                        ErrorCode.UNAVAILABLE, "another repair of this database is under way");
            }
            Findings findings = new Findings(topics.events());
            AuditReport before =
                    Auditor.audit(postgres, kafka, topics, slot, patience, scope, findings);
            long asked = findings.isBehind() ? 0 : ask(connection, findings.damages());
            AuditReport after =
                    asked == 0
                            ? before
                            : Auditor.audit(postgres, kafka, topics, slot, patience, scope);
            isTrue(connection, UNLOCK); // by itself only when the server notices our end
            return new RepairReport(before, asked, after);
        } catch (SQLException e) {
            throw new OutrunException(
                    ErrorCode.UNAVAILABLE, "the repair cannot go on: " + e.getMessage(), e);
        }
    }

    private static boolean isTrue(Connection connection, String question) throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery(question)) {
            return row.next() && row.getBoolean(1);
        }
    }

    private static long ask(Connection connection, Map<RunId, Damage> damages) throws SQLException {
        long asked = 0;
        for (Map.Entry<RunId, Damage> one : damages.entrySet()) {
            if (one.getValue().isMendable() && ask(connection, one.getKey(), one.getValue())) {
                asked++;
            }
        }
        return asked;
    }

    private static boolean ask(Connection connection, RunId run, Damage damage)
            throws SQLException {
        List<Damage.Stretch> missing = damage.missing();
        if (missing.isEmpty()) {
            return ask(connection, run, new Damage.Stretch(0, 0));
        }
        boolean asked = false;
        for (Damage.Stretch stretch : missing) {
            asked |= ask(connection, run, stretch);
        }
        return asked;
    }

    private static boolean ask(Connection connection, RunId run, Damage.Stretch late)
            throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(ASK)) {
            statement.setObject(1, run.value());
            statement.setLong(2, late.from());
            statement.setLong(3, late.until());
            try (ResultSet row = statement.executeQuery()) {
                return row.next() && row.getBoolean(1);
            }
        }
    }
}
