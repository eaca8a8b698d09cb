/** From changes to records, exactly once: the publisher, its two lanes and its checkpoints. */
@NullMarked
package dev.outrun.connector.publish;

import org.jspecify.annotations.NullMarked;
