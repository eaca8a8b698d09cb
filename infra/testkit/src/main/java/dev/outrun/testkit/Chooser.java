package dev.outrun.testkit;

import java.util.random.RandomGenerator;

/**
 * What is next where several things may be: the first of them, or whichever the seed says.
 *
 * @param random always the first where it is not {@code mixed}
 */
record Chooser(RandomGenerator random, boolean mixed) {

    /** A number below {@code bound}. */
    int below(int bound) {
        return mixed && bound > 1 ? random.nextInt(bound) : 0;
    }
}
