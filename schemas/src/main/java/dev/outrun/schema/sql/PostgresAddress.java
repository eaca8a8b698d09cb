package dev.outrun.schema.sql;

/** Where a Postgres database is and who asks. */
public record PostgresAddress(
        String host, int port, String database, String user, String password) {

    /** Its JDBC URL, without user and password. */
    public String jdbcUrl() {
        return "jdbc:postgresql://" + host + ":" + port + "/" + database;
    }

    /** Without the password. */
    @Override
    public String toString() {
        return user + "@" + host + ":" + port + "/" + database;
    }
}
