/** Real processes, to be killed, frozen and stopped by tests. */
@NullMarked
package dev.outrun.teststack.process;

import org.jspecify.annotations.NullMarked;
