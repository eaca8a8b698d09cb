/** Tests of the board. */
@NullMarked
package dev.outrun.api.board;

import org.jspecify.annotations.NullMarked;
