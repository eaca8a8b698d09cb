package dev.outrun.connector.fault;

import dev.outrun.teststack.process.Server;
import java.time.Duration;
import java.util.Locale;

/**
 * One thing done to one server.
 *
 * @param pace what is waited for before
 * @param freeze how long, for a {@link Kind#FREEZE}; else zero
 */
record Fault(Pace pace, Target target, Kind kind, Duration freeze) {

    /** To whom. */
    enum Target {
        CONNECTOR,
        BROKER,
        POSTGRES
    }

    /** What. A server that has ended is started again at once. */
    enum Kind {
        /** SIGKILL. */
        KILL,
        /** SIGSTOP, and SIGCONT after a while. */
        FREEZE,
        /** As an operator would: SIGTERM, or a fast shutdown. */
        STOP,
        /** Postgres only: an immediate shutdown, after which it has to recover. */
        STOP_AT_ONCE
    }

    /** So many more events, of those that are written or of those that are published. */
    record Pace(Unit unit, int events) {

        /** Written ones go on without broker and connector, published ones need all three. */
        enum Unit {
            WRITTEN,
            PUBLISHED
        }

        @Override
        public String toString() {
            return events == 0
                    ? "at once"
                    : "after " + events + " " + unit.name().toLowerCase(Locale.ROOT);
        }
    }

    void strike(Server server) throws InterruptedException {
        switch (kind) {
            case KILL -> server.kill();
            case FREEZE -> server.freeze(freeze);
            case STOP -> server.stop();
            case STOP_AT_ONCE -> server.stopAtOnce();
        }
    }

    /** {@code after 1200 published freeze broker 340 ms}. */
    @Override
    public String toString() {
        String what = kind.name().toLowerCase(Locale.ROOT).replace('_', ' ');
        return "%s %s %s%s"
                .formatted(
                        pace,
                        what,
                        target.name().toLowerCase(Locale.ROOT),
                        kind == Kind.FREEZE ? " " + freeze.toMillis() + " ms" : "");
    }
}
