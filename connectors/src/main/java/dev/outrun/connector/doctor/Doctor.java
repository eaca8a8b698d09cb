package dev.outrun.connector.doctor;

import dev.outrun.schema.sql.PostgresAddress;
import dev.outrun.schema.topic.KafkaAddress;
import dev.outrun.schema.topic.Topics;
import java.util.List;
import java.util.OptionalInt;

/** Examines everything, changes nothing. */
public final class Doctor {

    private Doctor() {}

    /**
     * Examines a database and brokers, which may be at work meanwhile. What cannot be reached is a
     * finding too.
     *
     * @param connector the name that the connector's slots have in common
     * @param polls whether it reads the table again and again, and needs neither slot nor log
     */
    public static List<Finding> examine(
            PostgresAddress postgres,
            KafkaAddress kafka,
            Topics topics,
            String connector,
            boolean polls)
            throws InterruptedException {
        Findings findings = new Findings();
        OptionalInt shards = PostgresExamination.run(postgres, connector, polls, findings);
        KafkaExamination.run(kafka, topics, shards, findings);
        return findings.all();
    }
}
