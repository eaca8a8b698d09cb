package dev.outrun.worker.http;

import com.fasterxml.jackson.databind.JsonNode;
import dev.outrun.schema.error.ErrorCode;
import dev.outrun.schema.error.OutrunException;
import dev.outrun.schema.json.WireJson;
import dev.outrun.schema.run.Tenant;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * Calls of the API, with JSON in and out. They throw what the server refuses with, and {@code
 * unavailable} where nobody answers: then what was asked may have been done all the same.
 */
final class HttpCalls implements AutoCloseable {

    static final Duration ANSWER_MAX = Duration.ofSeconds(30);

    private static final Duration CONNECT_MAX = Duration.ofSeconds(5);
    private static final int OK_MAX = 299;

    private final URI url;
    private final @Nullable String key;
    private final HttpClient client;

    /**
     * Calls the API at this URL.
     *
     * @param key what it shows, a key or a token; null is nothing
     */
    HttpCalls(URI url, @Nullable String key) {
        this.url = url;
        this.key = key;
        this.client = HttpClient.newBuilder().connectTimeout(CONNECT_MAX).build();
    }

    String get(String path) {
        return answer(request(path, ANSWER_MAX).GET().build());
    }

    String post(String path, byte[] body) {
        return post(path, body, ANSWER_MAX);
    }

    String post(String path, byte[] body, Duration answerMax) {
        return answer(request(path, answerMax).POST(BodyPublishers.ofByteArray(body)).build());
    }

    /** The same on behalf of a tenant. */
    String post(String path, byte[] body, Tenant tenant) {
        return answer(
                request(path, ANSWER_MAX)
                        .header("Outrun-Tenant", tenant.name())
                        .POST(BodyPublishers.ofByteArray(body))
                        .build());
    }

    private HttpRequest.Builder request(String path, Duration answerMax) {
        HttpRequest.Builder request =
                HttpRequest.newBuilder(url.resolve(path))
                        .timeout(answerMax)
                        .header("Content-Type", "application/json");
        if (key != null) {
            request.header("Authorization", "Bearer " + key);
        }
        return request;
    }

    private String answer(HttpRequest request) {
        HttpResponse<String> answer;
        try {
            answer = client.send(request, BodyHandlers.ofString());
        } catch (IOException e) {
            throw new OutrunException(ErrorCode.UNAVAILABLE, "no answer from " + url, e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new OutrunException(ErrorCode.UNAVAILABLE, "interrupted", e);
        }
        if (answer.statusCode() > OK_MAX) {
            throw refusal(answer);
        }
        return answer.body();
    }

    private static OutrunException refusal(HttpResponse<String> answer) {
        String said = "the server answered with status " + answer.statusCode();
        ErrorCode code = null;
        try {
            JsonNode problem = WireJson.mapper().readTree(answer.body());
            code = ErrorCode.ofCode(problem.path("code").asText());
            said = problem.path("detail").asText(said);
        } catch (IOException e) {
            // Of something on the way: the status is all there is to say.
        }
        return new OutrunException(code == null ? ErrorCode.UNAVAILABLE : code, said);
    }

    @Override
    public void close() {
        client.shutdownNow();
    }
}
