package dev.outrun.connector.doctor;

import dev.outrun.connector.source.ControlConnection;
import dev.outrun.schema.sql.Migrations;
import dev.outrun.schema.sql.PostgresAddress;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import java.util.OptionalInt;

/** What a connector needs of its database. */
final class PostgresExamination {

    private static final int VERSION_MIN = 15;
    private static final int VERSION_MAX = 18;

    /** SQLSTATE class of a role that may not look. */
    private static final String UNDEFINED_TABLE = "42P01";

    /** What the slot delivers of an append. */
    private static final String COLUMNS =
            "run_id, first_seq, tenant, shard, attempt, events, appended_us, trace, topicless";

    private static final String PUBLICATIONS =
            """
            select p.pubname,
                   p.pubinsert and not p.pubupdate and not p.pubdelete and not p.pubtruncate
                   and p.pubviaroot
                   and coalesce((select bool_and(t.tablename = 'run_outbox')
                                 and string_agg(array_to_string(t.attnames, ', '), '') = ?
                                 from pg_publication_tables t
                                 where t.pubname = p.pubname and t.schemaname = 'outrun'), false)
            from pg_publication p where p.pubname ~ '^outrun(_\\d+_of_\\d+)?$' order by 1
            """;

    private static final String MAY_REPLICATE =
            """
            select rolreplication or rolsuper
                   or exists (select from pg_roles cloud where cloud.rolname = 'rds_replication'
                              and pg_has_role(r.oid, cloud.oid, 'member'))
            from pg_roles r where rolname = current_user
            """;

    private final Question database;
    private final Findings findings;

    private PostgresExamination(Question database, Findings findings) {
        this.database = database;
        this.findings = findings;
    }

    /** Examines it; returns how many shards it says there are, if it says so. */
    static OptionalInt run(
            PostgresAddress postgres, String connector, boolean polls, Findings findings) {
        try (Connection connection = ControlConnection.connect(postgres)) {
            PostgresExamination examination =
                    new PostgresExamination(new Question(connection), findings);
            if (!examination.isOfUse(connection, postgres)) {
                return OptionalInt.empty();
            }
            OptionalInt shards = examination.schema(postgres);
            if (!polls) {
                examination.replication();
                SlotExamination.run(examination.database, postgres, connector, findings);
            }
            return shards;
        } catch (SQLException e) {
            findings.fail(
                    "postgres",
                    postgres + " does not answer: " + e.getMessage(),
                    "start it, or say where it is with --postgres");
            return OptionalInt.empty();
        }
    }

    private boolean isOfUse(Connection connection, PostgresAddress postgres) throws SQLException {
        int version = connection.getMetaData().getDatabaseMajorVersion();
        String says = "PostgreSQL " + connection.getMetaData().getDatabaseProductVersion();
        if (version < VERSION_MIN) {
            findings.fail("postgres", says, "upgrade: 15 to 18 are supported");
            return false;
        } else if (version > VERSION_MAX) {
            findings.warn("postgres", says, "nobody has tried this version: 15 to 18 are tested");
        } else {
            findings.ok("postgres", says + " at " + postgres);
        }
        boolean standby = database.isTrue("select pg_is_in_recovery()");
        if (standby) {
            findings.fail(
                    "postgres.primary",
                    "this server is a standby",
                    "give the address of the primary, which the connector writes to");
        }
        return !standby;
    }

    private void replication() throws SQLException {
        String level = String.valueOf(database.setting("wal_level"));
        findings.check(
                level.equals("logical"),
                "postgres.wal_level",
                level,
                "set wal_level = logical and restart Postgres; where that is not allowed, let the"
                        + " connector poll: --source POLLING");
        boolean may = database.isTrue(MAY_REPLICATE);
        findings.check(
                may,
                "postgres.role",
                may ? "may replicate" : "may not replicate",
                "alter role ... replication; on RDS: grant rds_replication to the role");
        List<String> wrong =
                database.rows(
                        PUBLICATIONS, row -> row.getBoolean(2) ? "" : row.getString(1), COLUMNS);
        boolean there = !wrong.isEmpty();
        wrong.removeIf(String::isEmpty);
        findings.check(
                there && wrong.isEmpty(),
                "postgres.publication",
                there
                        ? wrong.isEmpty()
                                ? "inserts into run_outbox, with the right columns"
                                : "publishes something else: " + String.join(", ", wrong)
                        : "there is none",
                "drop it, and make it again as the migrations do");
    }

    private OptionalInt schema(PostgresAddress postgres) {
        List<String> problems = Migrations.problems(postgres);
        findings.check(
                problems.isEmpty(),
                "postgres.schema",
                problems.isEmpty() ? "migrated" : String.join("; ", problems),
                "start ./outrun of this version, which migrates; a newer schema needs a newer one");
        try {
            halted();
            return OptionalInt.of((int) database.number("select shards from outrun.cluster"));
        } catch (SQLException e) {
            findings.fail(
                    "postgres.tables",
                    "the ledger's tables cannot be read: " + e.getMessage(),
                    UNDEFINED_TABLE.equals(e.getSQLState())
                            ? "migrate: start ./outrun"
                            : "grant the role what it needs on schema outrun");
            return OptionalInt.empty();
        }
    }

    private void halted() throws SQLException {
        long halted =
                database.number("select count(*) from outrun.halted_run where resolved_at is null");
        if (halted == 0) {
            findings.ok("postgres.halted_runs", "none");
        } else {
            findings.warn(
                    "postgres.halted_runs",
                    halted + " runs are not published",
                    "select * from outrun.halted_run says why; then ./outrun run resolve ID");
        }
    }
}
