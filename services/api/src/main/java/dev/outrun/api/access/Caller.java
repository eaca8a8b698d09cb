package dev.outrun.api.access;

import dev.outrun.ledger.access.Role;
import dev.outrun.ledger.access.TenantScope;
import dev.outrun.schema.error.ErrorCode;
import dev.outrun.schema.error.OutrunException;
import dev.outrun.schema.run.Tenant;
import java.util.function.BooleanSupplier;

/**
 * Who makes a call, and whom for.
 *
 * @param name as the audit log has it: {@code key:<id>} or {@code oidc:<subject>}; {@code
 *     anonymous} where nobody is asked
 * @param tenants whose runs it sees
 * @param tenant whose runs it starts and lists: one of them
 * @param stillGood whether it would be let in again now: for calls that last
 */
public record Caller(
        String name, Role role, TenantScope tenants, Tenant tenant, BooleanSupplier stillGood) {

    /** The header with which who sees every tenant says whose call it is. */
    public static final String TENANT_HEADER = "Outrun-Tenant";

    /** Everybody, where nobody is asked. */
    public static final Caller ANONYMOUS =
            new Caller("anonymous", Role.ADMIN, TenantScope.EVERY, Tenant.DEFAULT, () -> true);

    /** Whoever calls what needs no key. */
    public static final Caller ANYONE =
            new Caller("anyone", Role.ANYONE, TenantScope.EVERY, Tenant.DEFAULT, () -> true);

    /** Somebody by name; for every tenant it acts for the default one unless it says otherwise. */
    static Caller known(String name, Role role, TenantScope tenants, BooleanSupplier stillGood) {
        Tenant only = tenants.only();
        return new Caller(name, role, tenants, only == null ? Tenant.DEFAULT : only, stillGood);
    }

    /** Whether it was asked who it is. */
    public boolean isKnown() {
        return !name.equals(ANONYMOUS.name) && !name.equals(ANYONE.name);
    }

    /** Whether this tenant's runs exist for it. */
    public boolean sees(Tenant other) {
        return tenants.includes(other);
    }

    /** The same, who calls for this tenant alone. Throws {@code forbidden} if it is not its. */
    public Caller actingFor(Tenant other) {
        if (!sees(other)) {
            throw new OutrunException(
                    ErrorCode.FORBIDDEN, "this caller does not act for tenant " + other);
        }
        return new Caller(name, role, new TenantScope(other), other, stillGood);
    }
}
