/** How what the engine says leaves: to the partition of the shard it came from. */
@NullMarked
package dev.outrun.engine.out;

import org.jspecify.annotations.NullMarked;
