/** Tests of the HTTP face. */
@NullMarked
package dev.outrun.api;

import org.jspecify.annotations.NullMarked;
