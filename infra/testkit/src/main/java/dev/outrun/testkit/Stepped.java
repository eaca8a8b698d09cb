package dev.outrun.testkit;

import org.jspecify.annotations.Nullable;

/** A part as the harness moves it. */
interface Stepped {

    /** Makes its smallest move and says what it was; null: there is nothing to do. */
    @Nullable String move();

    /** Notes how far it has come. */
    void commit();

    /** Dies and is there again: it knows what it has noted, and nothing else. */
    void crash();
}
