/** The limits: as little as can be of what Outrun does; and a peer. */
@NullMarked
package dev.outrun.bench.limit;

import org.jspecify.annotations.NullMarked;
