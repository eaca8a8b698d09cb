package dev.outrun.api;

import dev.outrun.ledger.access.Role;
import dev.outrun.schema.json.WireJson;
import dev.outrun.schema.topic.Topics;
import io.helidon.http.HeaderName;
import io.helidon.http.HeaderNames;
import io.helidon.webserver.http.ServerResponse;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.List;

/** The console, a page of its own that needs no other host; and the description of the API. */
final class ConsoleRoutes {

    private static final HeaderName POLICY = HeaderNames.create("Content-Security-Policy");

    /** Only our own script and style, no framing, no forms sent anywhere. */
    private static final String POLICY_TEXT =
            "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self';"
                    + " img-src 'self'; base-uri 'none'; form-action 'none';"
                    + " frame-ancestors 'none'";

    private final byte[] page = resource("/console/console.html");
    private final byte[] script = resource("/console/console.js");
    private final byte[] style = resource("/console/console.css");
    private final byte[] icon = resource("/console/icon.svg");
    private final byte[] openApi = resource("/openapi.yaml");
    private final byte[] settings;

    ConsoleRoutes(Topics topics, String bootstrapServers) {
        this.settings = WireJson.write(new Settings(bootstrapServers, topics.prefix()));
    }

    /** What the console's lines for the shell need to know. */
    private record Settings(String bootstrapServers, String topicPrefix) {}

    List<Route> routes() {
        return List.of(
                Route.get(
                        "/",
                        Role.ANYONE,
                        (req, res, caller) -> page(res, "text/html; charset=utf-8", page)),
                file("/console.js", Role.ANYONE, "text/javascript; charset=utf-8", script),
                file("/console.css", Role.ANYONE, "text/css; charset=utf-8", style),
                file("/icon.svg", Role.ANYONE, "image/svg+xml", icon),
                file("/console.json", Role.READER, "application/json", settings),
                file("/openapi.yaml", Role.ANYONE, "application/yaml", openApi));
    }

    private static Route file(String path, Role role, String mediaType, byte[] body) {
        return Route.get(path, role, (req, res, caller) -> Reply.typed(res, mediaType, body));
    }

    private static void page(ServerResponse response, String mediaType, byte[] body) {
        response.header(POLICY, POLICY_TEXT);
        Reply.typed(response, mediaType, body);
    }

    private static byte[] resource(String path) {
        try (InputStream in = ConsoleRoutes.class.getResourceAsStream(path)) {
            if (in == null) {
                throw new IllegalStateException("the class path has no " + path);
            }
            return in.readAllBytes();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
