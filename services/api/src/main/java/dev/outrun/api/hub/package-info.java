/**
 * Live readers: one tail of the firehose, fanned out in memory and joined to each run's history.
 */
@NullMarked
package dev.outrun.api.hub;

import org.jspecify.annotations.NullMarked;
