package dev.outrun.api;

import dev.outrun.api.hub.History;
import dev.outrun.ledger.Run;
import dev.outrun.schema.error.OutrunException;
import dev.outrun.schema.event.Event;
import io.helidon.http.HeaderNames;
import io.helidon.webserver.CloseConnectionException;
import io.helidon.webserver.http.ServerResponse;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A page of a run's log as JSON, {@code {"events":[...],"next":N,"closed":B}}. Written while it is
 * read, so its length does not show in memory; a failure after the first bytes cuts the connection,
 * so that nobody takes half a page for a whole one.
 */
final class EventPage {

    private static final Logger LOG = LoggerFactory.getLogger(EventPage.class);
    private static final int WRITE_BYTES = 32 * 1024;

    private final Run run;
    private final long from;
    private final long to;
    private final TypeFilter filter;
    private final History history;

    /**
     * The events of a run, as the ledger just returned it, from a seq on.
     *
     * @param limit of at most so many, those that pass the filter
     */
    EventPage(Run run, long from, int limit, TypeFilter filter, History history) {
        this.run = run;
        this.from = from;
        this.to = Math.max(from, Math.min(run.nextSeq(), saturatedAdd(from, limit)));
        this.filter = filter;
        this.history = history;
    }

    void send(ServerResponse response) throws InterruptedException {
        // Before the status is out: what fails here is still an answer with a code.
        List<Event> events = from < to ? history.page(run, from, to) : List.of();
        response.header(HeaderNames.CONTENT_TYPE, "application/json");
        try (OutputStream out = new BufferedOutputStream(response.outputStream(), WRITE_BYTES)) {
            write(out, events);
        } catch (IOException | UncheckedIOException e) {
            throw new CloseConnectionException("the client is gone", e);
        } catch (OutrunException e) {
            LOG.warn("event=page_cut run={} code={} reason={}", run.id(), e.code(), e.getMessage());
            throw new CloseConnectionException("the page cannot be completed", e);
        }
    }

    private void write(OutputStream out, List<Event> first)
            throws IOException, InterruptedException {
        out.write(ascii("{\"events\":["));
        long next = from;
        boolean some = false;
        for (List<Event> events = first; !events.isEmpty(); ) {
            for (Event event : events) {
                if (filter.passes(event.type())) {
                    if (some) {
                        out.write(',');
                    }
                    out.write(event.envelope());
                    some = true;
                }
                next = event.seq() + 1;
            }
            events = next < to ? history.page(run, next, to) : List.of();
        }
        boolean closed = run.status().isTerminal() && next >= run.nextSeq();
        out.write(ascii("],\"next\":" + next + ",\"closed\":" + closed + "}"));
    }

    private static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }

    private static long saturatedAdd(long a, int b) {
        return a > Long.MAX_VALUE - b ? Long.MAX_VALUE : a + b;
    }
}
