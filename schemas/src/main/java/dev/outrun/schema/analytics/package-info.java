/** Windows of what runs did, which the analytics topology writes and anyone may merge. */
@NullMarked
package dev.outrun.schema.analytics;

import org.jspecify.annotations.NullMarked;
