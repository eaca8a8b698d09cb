/** The HTTP face: runs, events, health and the console, one class per resource. */
@NullMarked
package dev.outrun.api;

import org.jspecify.annotations.NullMarked;
