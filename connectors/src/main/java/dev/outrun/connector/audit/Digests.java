package dev.outrun.connector.audit;

import dev.outrun.schema.event.Event;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;

/** The digests of one run's events, by seq: 8 bytes each, whatever the events' size. */
final class Digests {

    private static final int ROOM_FIRST = 16;

    private long first;
    private long[] digests = new long[0];
    private int size;

    boolean isEmpty() {
        return size == 0;
    }

    /** The lowest seq. */
    long first() {
        return first;
    }

    /** The seq after the highest one. */
    long next() {
        return first + size;
    }

    /** The digest of a seq; 0 where there is none. */
    long of(long seq) {
        return seq < first || seq >= next() ? 0 : digests[(int) (seq - first)];
    }

    /** Puts a seq's digest where it belongs, which is mostly behind the last one. */
    void put(long seq, long digest) {
        if (isEmpty()) {
            first = seq;
        } else if (seq < first) {
            long[] more = new long[Math.toIntExact(next() - seq)];
            System.arraycopy(digests, 0, more, (int) (first - seq), size);
            digests = more;
            size = more.length;
            first = seq;
        }
        int index = Math.toIntExact(seq - first);
        if (index >= digests.length) {
            digests = Arrays.copyOf(digests, Math.max(ROOM_FIRST, index + 1 + index / 2));
        }
        digests[index] = digest;
        size = Math.max(size, index + 1);
    }

    /** Of all that is said about an event, but for its run and seq; never 0. */
    static long digest(Event event) {
        MessageDigest digest = sha();
        String head = event.type() + ' ' + event.attempt() + ' ' + event.time() + ' ';
        digest.update(head.getBytes(StandardCharsets.UTF_8));
        digest.update(event.data());
        return ByteBuffer.wrap(digest.digest()).getLong() | 1;
    }

    private static MessageDigest sha() {
        try {
            return MessageDigest.getInstance("SHA-1");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has it", e);
        }
    }
}
