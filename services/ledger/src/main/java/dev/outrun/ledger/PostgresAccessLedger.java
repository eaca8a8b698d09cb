package dev.outrun.ledger;

import static dev.outrun.ledger.jooq.Tables.API_KEY;
import static dev.outrun.ledger.jooq.Tables.AUDIT_LOG;

import dev.outrun.ledger.access.AccessLedger;
import dev.outrun.ledger.access.ApiKey;
import dev.outrun.ledger.access.AuditEntry;
import dev.outrun.ledger.access.KeyHash;
import dev.outrun.ledger.access.Role;
import dev.outrun.ledger.access.TenantScope;
import dev.outrun.ledger.jooq.tables.records.ApiKeyRecord;
import dev.outrun.ledger.jooq.tables.records.AuditLogRecord;
import dev.outrun.schema.error.ErrorCode;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import org.jooq.Configuration;
import org.jooq.InsertValuesStep7;
import org.jspecify.annotations.Nullable;

/** Keys and audit log in Postgres, over the ledger's connections. */
final class PostgresAccessLedger implements AccessLedger {

    private final Configuration jooq;

    PostgresAccessLedger(Configuration jooq) {
        this.jooq = jooq;
    }

    @Override
    public void addKey(ApiKey key) {
        count(() ->
                jooq.dsl()
                        .insertInto(API_KEY)
                        .set(API_KEY.ID, key.id())
                        .set(API_KEY.TENANT, key.tenants().toString())
                        .set(API_KEY.ROLE, key.role().text())
                        .set(API_KEY.NAME, key.name())
                        .set(API_KEY.HASH, key.hash().bytes())
                        .set(API_KEY.CREATED_AT, Binds.time(key.createdAt()))
                        .set(API_KEY.EXPIRES_AT, Binds.time(key.expiresAt()))
                        .set(API_KEY.REVOKED_AT, Binds.time(key.revokedAt()))
                        .set(API_KEY.LAST_USED_AT, Binds.time(key.lastUsedAt()))
                        .execute());
    }

    @Override
    public Optional<ApiKey> key(String id) {
        return Refusals.ask(
                ErrorCode.INVALID_REQUEST,
                () ->
                        jooq.dsl()
                                .selectFrom(API_KEY)
                                .where(API_KEY.ID.eq(id))
                                .fetchOptional(PostgresAccessLedger::key));
    }

    @Override
    public List<ApiKey> keys(int most) {
        return Refusals.ask(
                ErrorCode.INVALID_REQUEST,
                () ->
                        jooq.dsl()
                                .selectFrom(API_KEY)
                                .orderBy(API_KEY.CREATED_AT.desc(), API_KEY.ID)
                                .limit(most)
                                .fetch(PostgresAccessLedger::key));
    }

    @Override
    public boolean revokeKey(String id, Instant at) {
        return count(() ->
                jooq.dsl()
                        .update(API_KEY)
                        .set(API_KEY.REVOKED_AT, Binds.time(at))
                        .where(API_KEY.ID.eq(id))
                        .and(API_KEY.REVOKED_AT.isNull())
                        .execute())
                > 0;
    }

    @Override
    public void keyUsed(String id, Instant at) {
        count(() ->
                jooq.dsl()
                        .update(API_KEY)
                        .set(API_KEY.LAST_USED_AT, Binds.time(at))
                        .where(API_KEY.ID.eq(id))
                        .execute());
    }

    @Override
    public void addAudit(List<AuditEntry> entries) {
        InsertValuesStep7<
                        AuditLogRecord,
                        OffsetDateTime,
                        String,
                        String,
                        String,
                        String,
                        Integer,
                        String>
                insert =
                        jooq.dsl()
                                .insertInto(
                                        AUDIT_LOG,
                                        AUDIT_LOG.AT,
                                        AUDIT_LOG.CALLER,
                                        AUDIT_LOG.TENANT,
                                        AUDIT_LOG.CALL,
                                        AUDIT_LOG.TARGET,
                                        AUDIT_LOG.STATUS,
                                        AUDIT_LOG.ADDRESS);
        for (AuditEntry entry : entries) {
            insert =
                    insert.values(
                            Binds.time(entry.at()),
                            entry.caller(),
                            entry.tenant(),
                            entry.call(),
                            entry.target(),
                            entry.status(),
                            entry.address());
        }
        count(insert::execute);
    }

    @Override
    public List<AuditEntry> audit(int most) {
        return Refusals.ask(
                ErrorCode.INVALID_REQUEST,
                () ->
                        jooq.dsl()
                                .selectFrom(AUDIT_LOG)
                                .orderBy(AUDIT_LOG.AT.desc(), AUDIT_LOG.ID.desc())
                                .limit(most)
                                .fetch(PostgresAccessLedger::entry));
    }

    @Override
    public int deleteAudit(Instant before, int most) {
        return count(() ->
                jooq.dsl()
                        .deleteFrom(AUDIT_LOG)
                        .where(
                                AUDIT_LOG.ID.in(
                                        jooq.dsl()
                                                .select(AUDIT_LOG.ID)
                                                .from(AUDIT_LOG)
                                                .where(AUDIT_LOG.AT.lt(Binds.time(before)))
                                                .orderBy(AUDIT_LOG.AT)
                                                .limit(most)))
                        .execute());
    }

    private static int count(Supplier<Integer> statement) {
        return Refusals.ask(ErrorCode.INVALID_REQUEST, statement);
    }

    private static ApiKey key(ApiKeyRecord row) {
        return new ApiKey(
                row.getId(),
                TenantScope.of(row.getTenant()),
                Role.of(row.getRole()),
                row.getName(),
                KeyHash.ofBytes(row.getHash()),
                row.getCreatedAt().toInstant(),
                instant(row.getExpiresAt()),
                instant(row.getRevokedAt()),
                instant(row.getLastUsedAt()));
    }

    private static AuditEntry entry(AuditLogRecord row) {
        return new AuditEntry(
                row.getAt().toInstant(),
                row.getCaller(),
                row.getTenant(),
                row.getCall(),
                row.getTarget(),
                row.getStatus(),
                row.getAddress());
    }

    private static @Nullable Instant instant(@Nullable OffsetDateTime time) {
        return time == null ? null : time.toInstant();
    }
}
