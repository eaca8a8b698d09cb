package dev.outrun.api;

import dev.outrun.ledger.Run;
import dev.outrun.ledger.RunQuery;
import dev.outrun.schema.error.OutrunException;
import dev.outrun.schema.run.RunId;
import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.Base64;

/** A place in the list of runs as an opaque word. */
final class Cursor {

    private static final Base64.Encoder ENCODER = Base64.getUrlEncoder().withoutPadding();

    private Cursor() {}

    static RunQuery.Place placeOf(Run run) {
        return new RunQuery.Place(run.createdAt(), run.id());
    }

    static String write(RunQuery.Place place) {
        String text = place.createdAt() + " " + place.id();
        return ENCODER.encodeToString(text.getBytes(StandardCharsets.US_ASCII));
    }

    static RunQuery.Place read(String cursor) {
        try {
            String text =
                    new String(Base64.getUrlDecoder().decode(cursor), StandardCharsets.US_ASCII);
            int space = text.indexOf(' ');
            if (space > 0) {
                return new RunQuery.Place(
                        Instant.parse(text.substring(0, space)),
                        RunId.parse(text.substring(space + 1)));
            }
        } catch (IllegalArgumentException | DateTimeException | OutrunException e) {
            // Falls through: whatever is wrong with it, it is not one of ours.
        }
        throw Text.invalid("'cursor' is not one this server gave");
    }
}
