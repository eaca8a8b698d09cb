package dev.outrun.bench.load;

import dev.outrun.schema.sql.PostgresAddress;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;

/** Connections to a bench's database, as an application opens them. */
public final class Connections {

    private Connections() {}

    /** Opens one. */
    public static Connection open(PostgresAddress address) throws SQLException {
        return DriverManager.getConnection(address.jdbcUrl(), address.user(), address.password());
    }
}
