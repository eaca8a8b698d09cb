/** Points in time, ages, rates, and what is said of them. */
@NullMarked
package dev.outrun.bench.figure;

import org.jspecify.annotations.NullMarked;
