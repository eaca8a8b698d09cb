/** The benchmarks: load that does not wait for answers, and histograms of what came of it. */
@NullMarked
package dev.outrun.bench;

import org.jspecify.annotations.NullMarked;
