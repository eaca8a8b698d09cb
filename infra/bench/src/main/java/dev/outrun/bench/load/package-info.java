/** Who writes: events that say when they were due, at a rate or as fast as can be. */
@NullMarked
package dev.outrun.bench.load;

import org.jspecify.annotations.NullMarked;
