package dev.outrun.schema.sql;

import javax.sql.DataSource;
import org.flywaydb.core.Flyway;

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
        Flyway.configure(Migrations.class.getClassLoader())
                .dataSource(database)
                .locations("classpath:db/migration")
                .schemas("outrun")
                .table("schema_history")
                .createSchemas(true)
                .load()
                .migrate();
    }
}
