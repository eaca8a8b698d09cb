/** What an operator may say of a queue. */
@NullMarked
package dev.outrun.schema.queue;

import org.jspecify.annotations.NullMarked;
