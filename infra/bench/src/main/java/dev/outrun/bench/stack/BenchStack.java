package dev.outrun.bench.stack;

import dev.outrun.connector.audit.AuditReport;
import dev.outrun.ledger.Ledger;
import dev.outrun.server.Outrun;
import dev.outrun.server.OutrunConfig;
import dev.outrun.worker.RunHandler;
import java.io.IOException;
import java.net.URI;
import java.util.Map;

/** An Outrun in this process, all parts of it, over servers that go with it. */
public final class BenchStack implements AutoCloseable {

    private final BenchServers servers;
    private final Outrun outrun;

    public BenchStack(BenchServers servers, Map<String, RunHandler> handlers) throws IOException {
        this.servers = servers;
        boolean started = false;
        try {
            outrun = Outrun.start(servers.config(), handlers);
            started = true;
        } finally {
            if (!started) {
                servers.close();
            }
        }
    }

    public Ledger ledger() {
        return outrun.ledger();
    }

    /** Where the API listens. */
    public URI url() {
        return outrun.url();
    }

    public OutrunConfig config() {
        return servers.config();
    }

    /** Waits until all is published. */
    public void drain() {
        outrun.drainOnce(BenchServers.LIMIT);
    }

    /** Waits until all is published, and holds Kafka against the table. */
    public AuditReport audit() throws InterruptedException {
        drain();
        return servers.audit();
    }

    @Override
    public void close() throws IOException {
        outrun.close();
        servers.close();
    }
}
