package dev.outrun.api;

import dev.outrun.api.hub.Deliveries;
import dev.outrun.api.hub.Delivery;
import dev.outrun.api.hub.Frame;
import java.time.Duration;
import java.util.List;

/** Those events of a reader's that pass a filter. For one thread. */
final class FilteredDeliveries implements Deliveries {

    private final Deliveries all;
    private final TypeFilter filter;

    private FilteredDeliveries(Deliveries all, TypeFilter filter) {
        this.all = all;
        this.filter = filter;
    }

    static Deliveries of(Deliveries all, TypeFilter filter) {
        return filter.isAll() ? all : new FilteredDeliveries(all, filter);
    }

    @Override
    public Delivery next(Duration patience) throws InterruptedException {
        long deadline = System.nanoTime() + patience.toNanos();
        Duration left = patience;
        while (true) {
            Delivery next = all.next(left);
            if (!(next instanceof Delivery.Frames(List<Frame> frames))) {
                return next;
            }
            List<Frame> passed =
                    frames.stream().filter(frame -> filter.passes(frame.type())).toList();
            if (!passed.isEmpty()) {
                return new Delivery.Frames(passed);
            }
            left = Duration.ofNanos(Math.max(0, deadline - System.nanoTime()));
        }
    }

    @Override
    public void close() {
        all.close();
    }
}
