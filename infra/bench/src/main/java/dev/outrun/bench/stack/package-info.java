/**
 * What is measured: servers of a bench's own, an Outrun over them, and the program that users
 * start.
 */
@NullMarked
package dev.outrun.bench.stack;

import org.jspecify.annotations.NullMarked;
