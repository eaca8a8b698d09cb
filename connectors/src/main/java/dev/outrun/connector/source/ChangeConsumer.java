package dev.outrun.connector.source;

/** Who takes changes. Called by one thread at a time, in commit order. */
@FunctionalInterface
public interface ChangeConsumer {

    /**
     * Takes one change; blocks while there is no room. An exception ends the source: the change has
     * not been taken, and no other one follows.
     */
    void accept(Change change) throws InterruptedException;
}
