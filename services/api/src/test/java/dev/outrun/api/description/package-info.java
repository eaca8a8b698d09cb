/** What is made from the API's description: its page, and requests that nobody would think of. */
@NullMarked
package dev.outrun.api.description;

import org.jspecify.annotations.NullMarked;
