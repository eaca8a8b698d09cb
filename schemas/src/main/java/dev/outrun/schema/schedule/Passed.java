package dev.outrun.schema.schedule;

import java.time.Instant;
import java.util.Objects;

/**
 * What {@link dev.outrun.schema.event.EventTypes#SCHEDULE_FIRED} and {@link
 * dev.outrun.schema.event.EventTypes#SCHEDULE_SKIPPED} say of what is to come.
 *
 * @param at the occurrence that has fired, or was skipped last; it and all before it have passed
 */
public record Passed(Instant at) {

    public Passed {
        Objects.requireNonNull(at, "at");
    }
}
