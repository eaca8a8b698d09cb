package dev.outrun.api;

import dev.outrun.ledger.Run;
import dev.outrun.ledger.StreamState;
import dev.outrun.schema.event.Event;
import dev.outrun.schema.event.EventTypes;
import org.jspecify.annotations.Nullable;

/** A run's log as a stream: which of its events are messages, and what bytes each of them is. */
sealed interface StreamView {

    Run run();

    StreamType type();

    /** An event as a message; null where it is none. */
    byte @Nullable [] message(Event event);

    /** The seq of whatever is next after an event. */
    long after(Event event);

    /** The seq of whatever is next when all there is was read. */
    long end();

    default boolean isClosed() {
        return run().status().isTerminal();
    }

    /** All of a run's log: each event is a message, its envelope. */
    record WholeLog(Run run) implements StreamView {

        @Override
        public StreamType type() {
            return StreamType.JSON;
        }

        @Override
        public byte[] message(Event event) {
            return event.envelope();
        }

        @Override
        public long after(Event event) {
            return event.seq() + 1;
        }

        @Override
        public long end() {
            return run.nextSeq();
        }
    }

    /** What was appended to a stream. The end of its run is no message, and has no place. */
    record Messages(Run run, StreamType type) implements StreamView {

        static Messages of(StreamState stream) {
            return new Messages(stream.run(), new StreamType(stream.contentType()));
        }

        @Override
        public byte @Nullable [] message(Event event) {
            return type.message(event);
        }

        @Override
        public long after(Event event) {
            return EventTypes.isTerminal(event.type()) ? event.seq() : event.seq() + 1;
        }

        @Override
        public long end() {
            return run.nextSeq() - (isClosed() ? 1 : 0);
        }
    }
}
