/** Analytics: a Kafka Streams topology that counts and times what runs do, by the minute. */
@NullMarked
package dev.outrun.analytics;

import org.jspecify.annotations.NullMarked;
