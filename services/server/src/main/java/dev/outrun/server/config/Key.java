package dev.outrun.server.config;

import java.util.Locale;
import java.util.Optional;

/**
 * A setting: where it stands in outrun.yaml, and all that a reader of the file has to know of it.
 *
 * @param path its section and name, with dots between
 * @param standard what it is unless somebody says so
 * @param otherwise what the reference says of the default where there is no standard
 * @param says what it is, as a sentence
 */
record Key<T>(String path, Kind<T> kind, Optional<T> standard, String otherwise, String says) {

    private static final String VARIABLES = "OUTRUN_";

    static <T> Key<T> of(String path, Kind<T> kind, T standard, String says) {
        return new Key<>(path, kind, Optional.of(standard), "", says);
    }

    /** A setting that is something else, or nothing at all, unless somebody says so. */
    static <T> Key<T> without(String path, Kind<T> kind, String otherwise, String says) {
        return new Key<>(path, kind, Optional.empty(), otherwise, says);
    }

    /** The environment variable that overrides it. */
    String variable() {
        return variableOf(path);
    }

    /** The one that overrides an entry of it. */
    String variable(String entry) {
        return variableOf(path + "." + entry);
    }

    private static String variableOf(String path) {
        return VARIABLES + path.replace('.', '_').toUpperCase(Locale.ROOT);
    }

    static boolean isVariable(String name) {
        return name.startsWith(VARIABLES);
    }

    /** The default, as the reference shows it. */
    String shown() {
        return standard.map(value -> "`" + kind.writing().apply(value) + "`").orElse(otherwise);
    }
}
