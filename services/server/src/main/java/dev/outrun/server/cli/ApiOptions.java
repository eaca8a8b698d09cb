package dev.outrun.server.cli;

import java.net.URI;
import picocli.CommandLine.Option;

/** Where the API is: on every command that calls it. */
final class ApiOptions {

    @Option(
            names = "--url",
            paramLabel = "URL",
            defaultValue = "${env:OUTRUN_URL:-http://127.0.0.1:8080}",
            description = "Where the API listens (default: $$OUTRUN_URL, or ${DEFAULT-VALUE}).")
    URI url;

    ApiClient client() {
        return new ApiClient(url);
    }
}
