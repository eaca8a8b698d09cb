/** Tests of the live readers. */
@NullMarked
package dev.outrun.api.hub;

import org.jspecify.annotations.NullMarked;
