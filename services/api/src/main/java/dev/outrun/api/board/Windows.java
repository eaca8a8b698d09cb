package dev.outrun.api.board;

import dev.outrun.schema.error.ErrorCode;
import dev.outrun.schema.error.OutrunException;
import dev.outrun.schema.topic.KafkaAddress;
import dev.outrun.schema.topic.Topics;
import java.time.InstantSource;
import java.util.List;
import java.util.concurrent.Semaphore;

/**
 * The windows of analytics on this node: one {@link WindowReader}, one {@link Board}, and a {@link
 * WindowSubscription} per client that follows. May be used from any thread.
 */
public final class Windows implements AutoCloseable {

    private final BoardConfig config;
    private final Board board;
    private final WindowReader reader;
    private final Semaphore places;

    private Windows(BoardConfig config, Board board, WindowReader reader) {
        this.config = config;
        this.board = board;
        this.reader = reader;
        this.places = new Semaphore(config.clientsMax());
    }

    /** Starts reading, and returns at once; the broker need not be up. */
    public static Windows start(BoardConfig config, Topics topics, KafkaAddress kafka) {
        InstantSource clock = InstantSource.system();
        Board board = new Board(config, clock);
        WindowReader reader =
                new WindowReader(
                        () -> WindowReader.consumer(kafka, topics.windows()),
                        topics.windows(),
                        config.retention(),
                        clock,
                        board);
        reader.start();
        return new Windows(config, board, reader);
    }

    /**
     * The windows asked for, in order of start, queue and handler.
     *
     * @throws OutrunException {@code unavailable} where they have not been read in a few seconds
     */
    public List<PlacedWindow> find(WindowQuery query) throws InterruptedException {
        checkRead();
        return board.changedAfter(0, query);
    }

    /**
     * The same windows one after another, and again whenever they change.
     *
     * @throws OutrunException {@code unavailable} as before, or where too many follow already
     */
    public WindowSubscription follow(WindowQuery query) throws InterruptedException {
        checkRead();
        if (!places.tryAcquire()) {
            throw new OutrunException(
                    ErrorCode.UNAVAILABLE,
                    "this node has its " + config.clientsMax() + " clients that follow windows");
        }
        return new WindowSubscription(board, query, places::release);
    }

    /** Open subscriptions. */
    public int clients() {
        return config.clientsMax() - places.availablePermits();
    }

    /** Windows held. */
    public int size() {
        return board.size();
    }

    /** Tells every subscriber that it is over. */
    public void end() {
        board.close();
    }

    @Override
    public void close() {
        reader.close();
    }

    private void checkRead() throws InterruptedException {
        String problem = reader.problem();
        if (problem != null) {
            throw new OutrunException(ErrorCode.UNAVAILABLE, problem);
        }
    }
}
