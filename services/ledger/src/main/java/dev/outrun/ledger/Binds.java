package dev.outrun.ledger;

import dev.outrun.schema.run.RunId;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.UUID;
import org.jooq.JSON;
import org.jspecify.annotations.Nullable;

/** Values as statements take them; null is null. */
final class Binds {

    private Binds() {}

    static @Nullable UUID id(@Nullable RunId run) {
        return run == null ? null : run.value();
    }

    static @Nullable OffsetDateTime time(@Nullable Instant time) {
        return time == null ? null : time.atOffset(ZoneOffset.UTC);
    }

    static @Nullable JSON json(@Nullable String text) {
        return text == null ? null : JSON.valueOf(text);
    }
}
