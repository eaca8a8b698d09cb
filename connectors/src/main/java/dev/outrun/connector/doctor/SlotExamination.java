package dev.outrun.connector.doctor;

import dev.outrun.connector.source.Split;
import dev.outrun.schema.sql.PostgresAddress;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** The connector's slots, and what the server has for them. */
final class SlotExamination {

    private static final long GIGABYTE = 1L << 30;

    /** Advised where nobody knows the disk. */
    private static final long KEEP_DEFAULT = 10 * GIGABYTE;

    private static final int FAILOVER_SINCE = 17;

    private static final String SLOTS =
            """
            select slot_name, active, coalesce(wal_status, 'lost'),
                   coalesce(pg_wal_lsn_diff(pg_current_wal_insert_lsn(), confirmed_flush_lsn), 0),
                   coalesce(pg_wal_lsn_diff(pg_current_wal_insert_lsn(), restart_lsn), 0),
                   to_jsonb(s) ->> 'invalidation_reason',
                   coalesce((to_jsonb(s) ->> 'failover')::boolean, false)
            from pg_replication_slots s
            where slot_type = 'logical' and database = current_database()
            """;

    private final Question database;
    private final PostgresAddress postgres;
    private final Findings findings;
    private final List<Slot> slots;

    private record Slot(
            String name,
            boolean active,
            String walStatus,
            long lagBytes,
            long retainedBytes,
            @Nullable String invalidation,
            boolean failover) {}

    private SlotExamination(
            Question database, PostgresAddress postgres, Findings findings, List<Slot> slots) {
        this.database = database;
        this.postgres = postgres;
        this.findings = findings;
        this.slots = slots;
    }

    static void run(
            Question database, PostgresAddress postgres, String connector, Findings findings)
            throws SQLException {
        List<Slot> slots =
                database.rows(
                        SLOTS,
                        row ->
                                new Slot(
                                        row.getString(1),
                                        row.getBoolean(2),
                                        row.getString(3),
                                        row.getLong(4),
                                        row.getLong(5),
                                        row.getString(6),
                                        row.getBoolean(7)));
        slots.removeIf(slot -> Split.parse(connector, slot.name()).isEmpty());
        SlotExamination examination = new SlotExamination(database, postgres, findings, slots);
        examination.room();
        examination.slots(connector);
        examination.keptLog();
        examination.failover();
    }

    /** A connector that has its slot and reads from it needs no further room. */
    private void room() throws SQLException {
        room(
                "postgres.max_replication_slots",
                database.number("select count(*) from pg_replication_slots"),
                !slots.isEmpty());
        room(
                "postgres.max_wal_senders",
                database.number("select count(*) from pg_stat_replication"),
                slots.stream().anyMatch(Slot::active));
    }

    private void room(String check, long used, boolean ours) throws SQLException {
        String setting = check.substring("postgres.".length());
        long max = Long.parseLong(Objects.requireNonNull(database.setting(setting)));
        String says = "%d of %d are used".formatted(used, max);
        findings.check(
                used < max || ours,
                check,
                says,
                "raise %s and restart Postgres, or drop what nobody uses".formatted(setting));
    }

    private void slots(String connector) {
        if (slots.isEmpty()) {
            findings.warn(
                    "slot",
                    "there is no slot of connector " + connector,
                    "start a connector, which makes it; one that polls has none: say --source POLLING");
        }
        for (Slot slot : slots) {
            String check = "slot." + slot.name();
            String says =
                    "%s, %d bytes behind, its log is %s"
                            .formatted(
                                    slot.active() ? "read from" : "not read from",
                                    slot.lagBytes(),
                                    slot.walStatus());
            if (slot.walStatus().equals("lost") || slot.invalidation() != null) {
                findings.fail(
                        check,
                        says + ", invalidated: " + slot.invalidation(),
                        "start a connector: it makes the slot anew and refills from the table");
            } else if (!slot.active()) {
                findings.warn(
                        check, says, "start a connector, or drop the slot: it keeps log meanwhile");
            } else if (slot.lagBytes() > GIGABYTE || slot.walStatus().equals("unreserved")) {
                findings.warn(check, says, "see what holds the connector up: /metrics, /readyz");
            } else {
                findings.ok(check, says);
            }
        }
    }

    private void keptLog() throws SQLException {
        String check = "postgres.max_slot_wal_keep_size";
        long keep = bytes("max_slot_wal_keep_size");
        long retained = slots.stream().mapToLong(Slot::retainedBytes).max().orElse(0);
        String says = String.valueOf(database.setting("max_slot_wal_keep_size"));
        if (keep < 0) {
            findings.warn(
                    check,
                    "not bounded: a slot that nobody reads from fills the disk",
                    "alter system set max_slot_wal_keep_size = '%dGB'; a slot lost by it is refilled"
                                    .formatted(advisedBytes() / GIGABYTE)
                            + " from the table");
        } else if (retained > keep / 2) {
            findings.warn(
                    check,
                    "%s, and a slot needs %d bytes by now".formatted(says, retained),
                    "raise it, or see why the connector is behind: beyond it the slot is lost");
        } else {
            findings.ok(check, says);
        }
    }

    /** Half of what is free on the disk, where that is this machine's. */
    private long advisedBytes() throws SQLException {
        try {
            String data = database.setting("data_directory");
            if (data != null && InetAddress.getByName(postgres.host()).isLoopbackAddress()) {
                FileStore disk = Files.getFileStore(Path.of(data));
                return Math.max(GIGABYTE, disk.getUsableSpace() / 2);
            }
        } catch (IOException | SecurityException e) {
            return KEEP_DEFAULT; // another machine's path, or a container's
        }
        return KEEP_DEFAULT;
    }

    private long bytes(String setting) throws SQLException {
        return database.number(
                "select case when setting::bigint < 0 then -1 else pg_size_bytes("
                        + "current_setting(name)) end from pg_settings where name = ?",
                setting);
    }

    private void failover() throws SQLException {
        long standbys =
                database.number(
                        "select count(*) from pg_replication_slots where slot_type = 'physical'");
        if (standbys == 0) {
            return;
        }
        String check = "postgres.failover";
        if (database.number("select current_setting('server_version_num')::int") / 10_000
                < FAILOVER_SINCE) {
            findings.warn(
                    check,
                    "slots do not survive a failover before PostgreSQL 17",
                    "upgrade; until then a failover costs a refill from the table");
        } else if (!slots.stream().allMatch(Slot::failover)) {
            findings.warn(
                    check,
                    "a slot is not copied to standbys",
                    "restart the connector with slot.failover: it alters its slots");
        } else if (String.valueOf(database.setting("synchronized_standby_slots")).isEmpty()) {
            findings.warn(
                    check,
                    "the connector may be ahead of every standby",
                    "set synchronized_standby_slots here; on the standby sync_replication_slots ="
                            + " on, hot_standby_feedback = on and a dbname in primary_conninfo");
        } else {
            findings.ok(check, "slots are copied to standbys that ask for them");
        }
    }
}
