package dev.outrun.server.config;

import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/** The environment variables that override settings. An empty one counts as not set. */
final class Variables {

    /** Of the command line and of the script: no settings of a process. */
    private static final Set<String> OTHERS =
            Set.of("OUTRUN_URL", "OUTRUN_API_KEY", "OUTRUN_JAVA_OPTIONS", "OUTRUN_CLASS_PATH");

    private Variables() {}

    /** Says what they do; returns those whose names begin like theirs and that are none. */
    static Set<String> say(Map<String, String> environment, Settings to) {
        Set<String> unknown = new TreeSet<>();
        environment.forEach((name, value) -> {
            if (Key.isVariable(name) && !OTHERS.contains(name) && !value.isEmpty()) {
                String path = path(name);
                if (path.isEmpty()) {
                    unknown.add(name);
                } else {
                    to.say(path, value, "in " + name);
                }
            }
        });
        return unknown;
    }

    /** The setting, or the entry of one, that a variable overrides; empty where it is none. */
    private static String path(String variable) {
        for (Key<?> key : Keys.ALL) {
            if (key.variable().equals(variable)) {
                return key.path();
            }
        }
        for (Key<?> key : Keys.ALL) {
            for (String name : key.kind().names()) {
                if (key.variable(name).equals(variable)) {
                    return key.path() + "." + name;
                }
            }
        }
        return "";
    }
}
