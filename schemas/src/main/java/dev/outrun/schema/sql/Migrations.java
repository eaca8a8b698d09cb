package dev.outrun.schema.sql;

import java.util.List;
import javax.sql.DataSource;
import org.flywaydb.core.Flyway;
import org.flywaydb.core.api.FlywayException;
import org.flywaydb.core.api.configuration.FluentConfiguration;
import org.flywaydb.core.api.output.ValidateResult;

/** Brings a database to the current schema. */
public final class Migrations {

    private Migrations() {}

    /**
     * Applies what is missing of {@code db/migration} to schema {@code outrun}, which it makes;
     * nothing when the database is current. Several nodes may call it at once: one migrates, the
     * others wait. Needs a role that may create schemas and publications.
     *
     * @throws org.flywaydb.core.api.FlywayException if the database is newer than this code, or a
     *     statement fails
     */
    public static void migrate(DataSource database) {
        configuration().dataSource(database).load().migrate();
    }

    /**
     * Why a database is not current, in words: what it lacks, what differs, what is newer than this
     * code. Empty where it is current. Changes nothing.
     */
    public static List<String> problems(PostgresAddress database) {
        try {
            Flyway flyway =
                    configuration()
                            .dataSource(database.jdbcUrl(), database.user(), database.password())
                            .ignoreMigrationPatterns(new String[0]) // what is newer is a problem
                            .load();
            int pending = flyway.info().pending().length;
            if (pending > 0) {
                return List.of(pending + " migrations are missing");
            }
            ValidateResult result = flyway.validateWithResult();
            return result.validationSuccessful
                    ? List.of()
                    : List.of(String.valueOf(result.getAllErrorMessages()));
        } catch (FlywayException e) {
            return List.of(String.valueOf(e.getMessage()));
        }
    }

    private static FluentConfiguration configuration() {
        return Flyway.configure(Migrations.class.getClassLoader())
                .locations("classpath:db/migration")
                .schemas("outrun")
                .table("schema_history")
                .createSchemas(true);
    }
}
