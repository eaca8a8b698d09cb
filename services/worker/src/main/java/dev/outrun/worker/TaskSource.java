package dev.outrun.worker;

import java.util.Optional;

/** Where a worker gets its tasks from. A task may come twice or late: claiming it decides. */
public interface TaskSource extends AutoCloseable {

    /**
     * Begins to offer tasks to the desk, and returns.
     *
     * @throws dev.outrun.schema.error.OutrunException {@code unavailable} if it cannot begin
     */
    void start(TaskDesk desk);

    /** What keeps tasks from coming; empty while all is well. */
    Optional<String> problem();

    /** Offers no more; bounded. Again: nothing. */
    @Override
    void close();
}
