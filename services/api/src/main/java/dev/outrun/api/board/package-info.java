/** The windows of analytics, as this node has read them: to be asked, and to be followed. */
@NullMarked
package dev.outrun.api.board;

import org.jspecify.annotations.NullMarked;
