package dev.outrun.server.config;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import com.fasterxml.jackson.dataformat.yaml.YAMLParser;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** The file that settings stand in. */
final class YamlFile {

    private static final ObjectMapper YAML =
            new ObjectMapper(
                            YAMLFactory.builder()
                                    // Of two values for one setting nobody knows which is meant.
                                    .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
                                    // "on" and "no" are words, whatever YAML 1.1 made of them.
                                    .enable(YAMLParser.Feature.PARSE_BOOLEAN_LIKE_WORDS_AS_STRINGS)
                                    .build())
                    .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);

    private final String by;
    private final Settings settings;
    private final List<String> problems = new ArrayList<>();

    private YamlFile(Path file, Settings settings) {
        this.by = "in " + file;
        this.settings = settings;
    }

    /**
     * Says what the file does.
     *
     * @throws SettingException where it cannot be read, or names what is no setting
     */
    static void say(Path file, Settings to) {
        YamlFile yaml = new YamlFile(file, to);
        JsonNode root = read(file);
        if (!root.isObject() && !root.isMissingNode() && !root.isNull()) {
            throw new SettingException(file + " is no list of settings, as in 'http: {port: 80}'");
        }
        yaml.walk("", root);
        if (!yaml.problems.isEmpty()) {
            throw new SettingException(String.join("\n", yaml.problems));
        }
    }

    private static JsonNode read(Path file) {
        try {
            return YAML.readTree(Files.readString(file));
        } catch (JsonProcessingException e) {
            throw new SettingException(
                    "%s is no YAML, in line %d: %s"
                            .formatted(
                                    file,
                                    e.getLocation() == null ? 0 : e.getLocation().getLineNr(),
                                    e.getOriginalMessage()),
                    e);
        } catch (IOException e) {
            throw Files.exists(file)
                    ? new SettingException(file + " cannot be read: " + e, e)
                    : new SettingException("there is no file " + file, e);
        }
    }

    private void walk(String section, JsonNode node) {
        node.properties()
                .forEach(entry -> {
                    String path = section + entry.getKey();
                    boolean isSection = Settings.key(path) == null && Settings.isSection(path);
                    if (!isSection) {
                        take(path, entry.getValue());
                    } else if (entry.getValue().isObject()) {
                        walk(path + ".", entry.getValue());
                    } else if (!isEmpty(entry.getValue())) {
                        problems.add(path + " is a section, not a value (" + by + ")");
                    } // else a section whose settings are all commented out
                });
    }

    private static boolean isEmpty(JsonNode value) {
        return value.isNull() || (value.isTextual() && value.textValue().isEmpty());
    }

    private void take(String path, JsonNode value) {
        try {
            settings.say(path, value, by);
        } catch (SettingException e) {
            problems.add(e.getMessage());
        }
    }
}
