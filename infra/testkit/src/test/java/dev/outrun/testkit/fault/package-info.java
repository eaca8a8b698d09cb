/** Engines that are killed and frozen while they work. */
@NullMarked
package dev.outrun.testkit.fault;

import org.jspecify.annotations.NullMarked;
