package dev.outrun.testkit;

import static dev.outrun.testkit.LogAssert.assertSameLogEverywhere;
import static dev.outrun.testkit.LogAssert.data;
import static dev.outrun.testkit.LogAssert.types;
import static org.jooq.impl.DSL.val;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.outrun.ledger.RunQuery;
import dev.outrun.schema.event.Event;
import dev.outrun.schema.run.RunId;
import dev.outrun.schema.run.Tenant;
import dev.outrun.schema.sql.PostgresAddress;
import java.io.BufferedReader;
import java.io.IOException;
import java.util.List;
import java.util.Objects;
import java.util.UUID;
import org.jooq.DSLContext;
import org.jooq.SQLDialect;
import org.jooq.exception.DataAccessException;
import org.jooq.impl.DSL;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.postgresql.ds.PGSimpleDataSource;

/** Runs and events in the transactions of an application that has rows of its own. */
@ExtendWith(OutrunExtension.class)
final class SqlTest {

    private static final String START = "select outrun.start_run({0}, {1}::json)";

    @Test
    void pythonApplication_commitsAndRollsBack_withItsOwnRows(TestOutrun outrun) throws Exception {
        // Given
        DSLContext sql = application(outrun);

        // When
        List<String> said = python(outrun.stack().postgres());

        // Then
        assertEquals("OR004", said.get(0));
        assertEquals(said.get(1), said.get(2));
        RunId run = RunId.parse(said.get(1));
        List<Event> log = outrun.awaitEnd(run);
        assertEquals("{ \"by\": \"python\" }", data(log.get(1)));
        assertEquals("{ \"invoice\": 1.50 }", outrun.ledger().run(run).orElseThrow().input());
        assertEquals(List.of("ada"), sql.fetchValues("select customer from invoice"));
        assertEquals(1, runs(outrun));
        assertSameLogEverywhere(outrun, run);
    }

    @Test
    void jooqApplication_commits_withItsOwnRows(TestOutrun outrun) {
        // Given
        DSLContext sql = application(outrun);

        // When
        UUID id =
                sql.transactionResult(transaction -> {
                    transaction
                            .dsl()
                            .execute("insert into invoice (customer, amount) values ('ada', 12)");
                    return Objects.requireNonNull(
                                    transaction
                                            .dsl()
                                            .fetchOne(START, val("echo"), val("{ \"n\": 1 }")))
                            .get(0, UUID.class);
                });
        List<Event> log = outrun.awaitEnd(new RunId(Objects.requireNonNull(id)));

        // Then
        assertEquals(
                List.of("run.requested", "run.attempt.started", "echo", "run.completed"),
                types(log));
        assertEquals("{ \"n\": 1 }", outrun.ledger().run(new RunId(id)).orElseThrow().output());
        assertEquals(List.of("ada"), sql.fetchValues("select customer from invoice"));
    }

    @Test
    void jooqApplication_thatRollsBack_hasStartedNothing(TestOutrun outrun) {
        // Given
        DSLContext sql = application(outrun);

        // When
        assertThrows(
                IllegalStateException.class,
                () ->
                        sql.transaction(transaction -> {
                            transaction
                                    .dsl()
                                    .execute(
                                            "insert into invoice (customer, amount) values ('x', 1)");
                            transaction.dsl().fetchOne(START, val("echo"), val("1"));
                            throw new IllegalStateException("something else went wrong");
                        }));
        DataAccessException refused =
                assertThrows(
                        DataAccessException.class,
                        () -> sql.fetchOne(START, val("nobody's"), val("1")));

        // Then
        assertEquals("OR004", refused.sqlState());
        assertEquals(List.of(), sql.fetchValues("select customer from invoice"));
        assertEquals(0, runs(outrun));
    }

    /** A connection to the same database, with a table of the application's. */
    private static DSLContext application(TestOutrun outrun) {
        PostgresAddress postgres = outrun.stack().postgres();
        PGSimpleDataSource database = new PGSimpleDataSource();
        database.setUrl(postgres.jdbcUrl());
        database.setUser(postgres.user());
        database.setPassword(postgres.password());
        DSLContext sql = DSL.using(database, SQLDialect.POSTGRES);
        sql.execute("create table invoice (customer text, amount int)");
        return sql;
    }

    private static int runs(TestOutrun outrun) {
        return outrun.ledger().runs(RunQuery.all(Tenant.DEFAULT, 10)).size();
    }

    /** What the application says; the interpreter is the one that Debian's psycopg is for. */
    private static List<String> python(PostgresAddress postgres)
            throws IOException, InterruptedException {
        String dsn =
                "postgresql://%s:%s@%s:%d/%s"
                        .formatted(
                                postgres.user(),
                                postgres.password(),
                                postgres.host(),
                                postgres.port(),
                                postgres.database());
        Process process =
                new ProcessBuilder("/usr/bin/python3", "src/test/resources/invoices.py", dsn)
                        .redirectError(ProcessBuilder.Redirect.INHERIT)
                        .start();
        try (BufferedReader said = process.inputReader()) {
            List<String> lines = said.lines().toList();
            assertEquals(0, process.waitFor(), "invoices.py; is python3-psycopg installed?");
            return lines;
        }
    }
}
