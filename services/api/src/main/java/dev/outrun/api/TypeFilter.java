package dev.outrun.api;

import java.util.HashSet;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Which events a reader wants to see, by their types: {@code token.delta,step.*}.
 *
 * @param types these; empty, with no beginnings either, is all
 * @param beginnings and those whose types begin so
 */
record TypeFilter(Set<String> types, Set<String> beginnings) {

    static final TypeFilter ALL = new TypeFilter(Set.of(), Set.of());

    private static final Pattern TYPE = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._:/-]{0,127}\\*?");
    private static final int TYPES_MAX = 50;

    /** Parses the parameter; null is all. */
    static TypeFilter parse(@Nullable String text) {
        if (text == null) {
            return ALL;
        }
        Set<String> types = new HashSet<>();
        Set<String> beginnings = new HashSet<>();
        String[] wanted = text.split(",", -1);
        for (String type : wanted) {
            if (wanted.length > TYPES_MAX || !TYPE.matcher(type).matches()) {
                throw Text.invalid(
                        "'types' must be up to "
                                + TYPES_MAX
                                + " event types, or beginnings of them with a * behind");
            }
            if (type.endsWith("*")) {
                beginnings.add(type.substring(0, type.length() - 1));
            } else {
                types.add(type);
            }
        }
        return new TypeFilter(types, beginnings);
    }

    boolean passes(String type) {
        return isAll() || types.contains(type) || beginnings.stream().anyMatch(type::startsWith);
    }

    boolean isAll() {
        return types.isEmpty() && beginnings.isEmpty();
    }
}
