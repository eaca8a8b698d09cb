package dev.outrun.schema.sql;

import java.net.URI;
import java.net.URISyntaxException;
import java.net.URLDecoder;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Where a Postgres database is, who asks, and how to get in.
 *
 * @param options of the JDBC driver, by its names for them: one of {@link #OPTIONS}
 */
public record PostgresAddress(
        String host,
        int port,
        String database,
        String user,
        String password,
        Map<String, String> options) {

    /**
     * The options that there may be: of encryption and of proving who one is. All others are ours,
     * different for each connection.
     */
    public static final Set<String> OPTIONS =
            Set.of(
                    "authenticationPluginClassName",
                    "channelBinding",
                    "gssEncMode",
                    "gssResponseTimeout",
                    "gssUseDefaultCreds",
                    "gsslib",
                    "jaasApplicationName",
                    "jaasLogin",
                    "kerberosServerName",
                    "pemKeyAlgorithm",
                    "requireAuth",
                    "scramMaxIterations",
                    "ssl",
                    "sslNegotiation",
                    "sslResponseTimeout",
                    "sslcert",
                    "sslfactory",
                    "sslfactoryarg",
                    "sslhostnameverifier",
                    "sslkey",
                    "sslmode",
                    "sslpassword",
                    "sslpasswordcallback",
                    "sslrootcert",
                    "sspiServiceClass",
                    "useSpnego");

    private static final String WANTED =
            "a database's address is postgresql://user:password@host:port/database";
    private static final int PORT_DEFAULT = 5432;

    public PostgresAddress {
        options = Map.copyOf(options);
        if (!OPTIONS.containsAll(options.keySet())) {
            Set<String> unknown = new TreeSet<>(options.keySet());
            unknown.removeAll(OPTIONS);
            throw new IllegalArgumentException(
                    "an option of a database's address is "
                            + String.join(", ", unknown)
                            + ", not one of "
                            + String.join(", ", new TreeSet<>(OPTIONS)));
        }
    }

    /** Without options. */
    public PostgresAddress(String host, int port, String database, String user, String password) {
        this(host, port, database, user, password, Map.of());
    }

    /**
     * Reads {@code postgresql://user:password@host:port/database?option=value}; without a port
     * 5432.
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
                colon < 0 ? "" : user.substring(colon + 1),
                query(uri.getRawQuery()));
    }

    private static Map<String, String> query(@Nullable String raw) {
        Map<String, String> options = new LinkedHashMap<>();
        if (raw != null) {
            for (String option : raw.split("&", -1)) {
                int equals = option.indexOf('=');
                if (equals < 1) {
                    throw new IllegalArgumentException(WANTED + "?option=value");
                }
                options.put(option.substring(0, equals), decoded(option.substring(equals + 1)));
            }
        }
        return options;
    }

    private static String decoded(String text) {
        return URLDecoder.decode(text, StandardCharsets.UTF_8);
    }

    /** Another database on the same server. */
    public PostgresAddress withDatabase(String other) {
        return new PostgresAddress(host, port, other, user, password, options);
    }

    /** The same for whoever has this password. */
    public PostgresAddress withPassword(String other) {
        return new PostgresAddress(host, port, database, user, other, options);
    }

    /** The same with these options besides; they win over those it has. */
    public PostgresAddress withOptions(Map<String, String> more) {
        Map<String, String> all = new LinkedHashMap<>(options);
        all.putAll(more);
        return new PostgresAddress(host, port, database, user, password, all);
    }

    /** Its JDBC URL: with the options, without user and password. */
    public String jdbcUrl() {
        String url = "jdbc:postgresql://" + host + ":" + port + "/" + database;
        return options.isEmpty()
                ? url
                : new TreeMap<>(options)
                        .entrySet().stream()
                                .map(option ->
                                        option.getKey()
                                                + "="
                                                + URLEncoder.encode(
                                                        option.getValue(), StandardCharsets.UTF_8))
                                .collect(Collectors.joining("&", url + "?", ""));
    }

    /** Without the password, and the options, which may have one as well. */
    @Override
    public String toString() {
        return user + "@" + host + ":" + port + "/" + database;
    }
}
