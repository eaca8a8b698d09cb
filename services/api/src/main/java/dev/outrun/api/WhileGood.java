package dev.outrun.api;

import dev.outrun.api.access.Caller;
import dev.outrun.api.hub.Deliveries;
import dev.outrun.api.hub.Delivery;
import java.time.Duration;

/** Deliveries that are over once their reader would not be let in any more. */
record WhileGood(Deliveries deliveries, Caller reader) implements Deliveries {

    @Override
    public Delivery next(Duration patience) throws InterruptedException {
        return reader.stillGood().getAsBoolean()
                ? deliveries.next(patience)
                : Delivery.Signal.CLOSING;
    }

    @Override
    public void close() {
        deliveries.close();
    }
}
