/** Who may call: keys, tokens, roles and tenants, limits for each caller, and the audit log. */
@NullMarked
package dev.outrun.api.access;

import org.jspecify.annotations.NullMarked;
