/** The command line: {@code ./outrun} and its commands. */
@NullMarked
package dev.outrun.server.cli;

import org.jspecify.annotations.NullMarked;
