/**
 * Random programs on a stepped Outrun, held to what must always be so; and bugs planted to see that
 * they are found.
 */
@NullMarked
package dev.outrun.testkit.simulation;

import org.jspecify.annotations.NullMarked;
