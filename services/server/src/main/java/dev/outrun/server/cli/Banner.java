package dev.outrun.server.cli;

import java.io.PrintWriter;
import java.net.URI;
import java.util.concurrent.TimeUnit;

/** What {@code outrun dev} says once it is ready: where everything listens, and lines to try. */
record Banner(EmbeddedOutrun outrun, long startNanos) {

    private static final int DEFAULT_PORT = 8080;

    void print(PrintWriter out) {
        URI url = outrun.api();
        out.printf(
                """

                Outrun is ready, after %.1f s.

                  page       %s/
                  API        %s/v1/runs
                  Postgres   postgresql://postgres:postgres@127.0.0.1:%d/outrun
                  Kafka      127.0.0.1:%d
                  data, log  %s

                Try, in another shell:

                  RUN=$(./outrun run start chat-demo%s)
                  curl -N -H 'Accept: text/event-stream' %s/v1/runs/$RUN/events
                  kcat -C -b 127.0.0.1:%d -t outrun.run.default.$RUN -o beginning -e -f '%%o %%s\\n'

                Ctrl-C stops it; everything is kept.

                """,
                startNanos / (double) TimeUnit.SECONDS.toNanos(1),
                url,
                url,
                outrun.postgresPort(),
                outrun.kafkaPort(),
                outrun.folder(),
                outrun.port() == DEFAULT_PORT ? "" : " --url " + url,
                url,
                outrun.kafkaPort());
        out.flush();
    }
}
