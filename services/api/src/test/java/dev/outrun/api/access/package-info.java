/** Tests of who may call, and how much. */
@NullMarked
package dev.outrun.api.access;

import org.jspecify.annotations.NullMarked;
