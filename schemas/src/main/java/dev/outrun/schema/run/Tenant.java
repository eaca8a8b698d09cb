package dev.outrun.schema.run;

import dev.outrun.schema.error.ErrorCode;
import dev.outrun.schema.error.OutrunException;
import java.util.regex.Pattern;

/** Whose run it is: part of the run topic's name, so lower-case letters, digits and dashes only. */
public record Tenant(String name) {

    private static final Pattern NAME = Pattern.compile("[a-z0-9][a-z0-9-]{0,62}");

    /** The tenant of everything started without one. */
    public static final Tenant DEFAULT = new Tenant("default");

    public Tenant {
        if (!NAME.matcher(name).matches()) {
            throw new OutrunException(
                    ErrorCode.INVALID_REQUEST,
                    "tenant must be 1 to 63 of a-z, 0-9 and -, not starting with -");
        }
    }

    @Override
    public String toString() {
        return name;
    }
}
