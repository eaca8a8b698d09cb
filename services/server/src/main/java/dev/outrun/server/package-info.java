/** The composition root: the one place where the parts meet. */
@NullMarked
package dev.outrun.server;

import org.jspecify.annotations.NullMarked;
