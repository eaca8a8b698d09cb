package dev.outrun.schema.sql;

import java.net.URI;
import java.net.URISyntaxException;
import java.util.List;

/** Where a Postgres database is and who asks. */
public record PostgresAddress(
        String host, int port, String database, String user, String password) {

    private static final String WANTED =
            "a database's address is postgresql://user:password@host:port/database";
    private static final int PORT_DEFAULT = 5432;

    /**
     * Reads {@code postgresql://user:password@host:port/database}; without a port 5432.
     *
     * @throws IllegalArgumentException if it is not such a URL; the message has no password
     */
    public static PostgresAddress parse(String url) {
        URI uri;
        try {
            uri = new URI(url);
        } catch (URISyntaxException e) {
            throw new IllegalArgumentException(WANTED); // the cause would quote it
        }
        String user = uri.getUserInfo();
        String path = uri.getPath();
        String scheme = uri.getScheme();
        if (scheme == null
                || !List.of("postgresql", "postgres").contains(scheme)
                || uri.getHost() == null
                || user == null
                || path == null
                || path.length() < 2) {
            throw new IllegalArgumentException(WANTED);
        }
        int colon = user.indexOf(':');
        return new PostgresAddress(
                uri.getHost(),
                uri.getPort() < 0 ? PORT_DEFAULT : uri.getPort(),
                path.substring(1),
                colon < 0 ? user : user.substring(0, colon),
                colon < 0 ? "" : user.substring(colon + 1));
    }

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
