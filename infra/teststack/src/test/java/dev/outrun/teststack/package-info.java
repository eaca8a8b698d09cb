/** The shared servers, and the schema on every version of Postgres it is made for. */
@NullMarked
package dev.outrun.teststack;

import org.jspecify.annotations.NullMarked;
