/** What handlers see of their run, and the worker that claims attempts and runs them. */
@NullMarked
package dev.outrun.worker;

import org.jspecify.annotations.NullMarked;
