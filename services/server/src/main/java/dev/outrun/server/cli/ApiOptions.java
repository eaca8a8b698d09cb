package dev.outrun.server.cli;

import java.net.URI;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Where the API is: on every command that calls it. */
final class ApiOptions {

    @Option(
            names = "--url",
            paramLabel = "URL",
            defaultValue = "${env:OUTRUN_URL:-http://127.0.0.1:8080}",
            description = "Where the API listens (default: $$OUTRUN_URL, or ${DEFAULT-VALUE}).")
    URI url;

    @Option(
            names = "--key",
            paramLabel = "KEY",
            description =
                    "What to show it, a key or a token (default: $$OUTRUN_API_KEY, which others on"
                            + " this machine do not see).")
    @Nullable String key;

    @Option(
            names = "--tenant",
            paramLabel = "TENANT",
            description = "Whom to call for, with a key of every tenant.")
    @Nullable String tenant;

    ApiClient client() {
        String shown = key == null ? System.getenv("OUTRUN_API_KEY") : key;
        return new ApiClient(url, shown == null || shown.isBlank() ? null : shown.trim(), tenant);
    }
}
