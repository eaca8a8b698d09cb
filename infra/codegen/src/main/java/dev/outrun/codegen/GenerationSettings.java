package dev.outrun.codegen;

import java.nio.file.Path;
import org.jooq.meta.jaxb.Configuration;
import org.jooq.meta.jaxb.Database;
import org.jooq.meta.jaxb.Generate;
import org.jooq.meta.jaxb.Generator;
import org.jooq.meta.jaxb.Logging;
import org.jooq.meta.jaxb.Target;

/** What jOOQ generates of the schema: tables and routines, and nothing that nobody reads. */
final class GenerationSettings {

    private GenerationSettings() {}

    static Configuration writingTo(Path sources) {
        return new Configuration()
                .withLogging(Logging.WARN)
                .withGenerator(
                        new Generator()
                                .withDatabase(database())
                                .withGenerate(generate())
                                .withTarget(
                                        new Target()
                                                .withPackageName("dev.outrun.ledger.jooq")
                                                .withDirectory(sources.toString())));
    }

    private static Database database() {
        return new Database()
                .withName("org.jooq.meta.postgres.PostgresDatabase")
                .withInputSchema("outrun")
                // The schema's name stays in the SQL, the catalog's does not.
                .withOutputSchemaToDefault(false)
                // Partitions come and go by the day; Flyway, the connector and the functions have
                // theirs.
                .withExcludes(
                        "run_outbox_.*|schema_history|watermark|lease|repair_request|acquire_lease|make_publications"
                                + "|finish|write_outbox|event_json|is_queue_name|started_already|queue_json"
                                + "|json_instant|check_retry|check_events|is_event_type"
                                + "|children_awaited|child_started|child_ended|wake_if_children_ended|copy_log|failed_run|shard_in_queue|queue_log|queue_start|dedupe|changed_number"
                                + "|changed_word|share|is_number|check_signal_name|wake|tell_shards|queue_lock|admit|has_room"
                                + "|stream|stream_producer|shard_of_stream|media_type|stream_end|refuse_stream"
                                + "|drop_stream|message_bytes|cut_of_stream|name_stream|same_stream|request_stream"
                                + "|is_outbox_over")
                .withIncludeTables(true)
                .withIncludeRoutines(true)
                .withTableValuedFunctionsAsTables(true);
    }

    private static Generate generate() {
        return new Generate()
                .withPojos(false)
                .withDaos(false)
                .withInterfaces(false)
                .withRecords(true)
                .withRoutines(true)
                .withTables(true)
                .withJavaTimeTypes(true)
                .withJsonTypes(true)
                // Sources of views and comments would only age.
                .withSources(false)
                .withComments(false)
                // A date or a version in each file would change every file at every build.
                .withGeneratedAnnotation(false)
                .withImplicitJoinPathsToOne(false)
                .withImplicitJoinPathsToMany(false);
    }
}
