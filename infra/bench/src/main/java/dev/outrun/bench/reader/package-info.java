/** Who reads, as consumers of topics and clients of event streams do. */
@NullMarked
package dev.outrun.bench.reader;

import org.jspecify.annotations.NullMarked;
