package dev.outrun.connector.source;

import dev.outrun.schema.sql.PostgresAddress;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;

/**
 * Where a database's earlier timelines ended, each at the place from which on the next one has
 * another log.
 *
 * @param ends by timeline; the present one is not among them
 */
record TimelineHistory(Map<Integer, Lsn> ends) {

    private static final Duration ANSWER = Duration.ofSeconds(10);

    /** Asks the server for the history of its present timeline. */
    static TimelineHistory read(PostgresAddress postgres, int timeline) throws SQLException {
        if (timeline == 1) {
            return new TimelineHistory(Map.of()); // has no history
        }
        try (Connection connection = ControlConnection.replicating(postgres, ANSWER);
                Statement statement = connection.createStatement();
                ResultSet file = statement.executeQuery("TIMELINE_HISTORY " + timeline)) {
            file.next();
            return parse(new String(file.getBytes("content"), StandardCharsets.UTF_8));
        }
    }

    /** Reads a history file: on each line a timeline, where it ended, and why. */
    static TimelineHistory parse(String text) {
        Map<Integer, Lsn> ends = new HashMap<>();
        text.lines()
                .map(line -> line.strip().split("\\s+"))
                .filter(words -> words.length >= 2 && !words[0].startsWith("#"))
                .forEach(words -> ends.put(Integer.valueOf(words[0]), Lsn.parse(words[1])));
        return new TimelineHistory(Map.copyOf(ends));
    }
}
