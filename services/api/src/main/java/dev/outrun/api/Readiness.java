package dev.outrun.api;

import java.util.Optional;
import java.util.function.Supplier;

/**
 * One part's say in whether this node is ready.
 *
 * @param name the part, as operators know it
 * @param problem why it is not ready, in words; empty where it is. Answers at once, from any thread
 */
public record Readiness(String name, Supplier<Optional<String>> problem) {}
