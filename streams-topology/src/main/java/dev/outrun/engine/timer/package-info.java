/** Who acts when, if nothing happens before. */
@NullMarked
package dev.outrun.engine.timer;

import org.jspecify.annotations.NullMarked;
