package dev.outrun.server.cli;

import dev.outrun.ledger.PostgresLedger;
import dev.outrun.ledger.access.ApiKey;
import dev.outrun.ledger.access.AuditEntry;
import dev.outrun.ledger.access.KeyText;
import dev.outrun.ledger.access.Role;
import dev.outrun.ledger.access.TenantScope;
import dev.outrun.schema.error.ErrorCode;
import dev.outrun.schema.error.OutrunException;
import java.io.PrintWriter;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code outrun key}: who may call the API. Works on the database, not over the API. */
@Command(
        name = "key",
        description = "Make, list and revoke keys of the API, and show who has changed what.",
        mixinStandardHelpOptions = true,
        synopsisSubcommandLabel = "COMMAND")
final class KeyCommand {

    /** Keys on a screen, and more than most have. */
    private static final int LISTED_MAX = 10_000;

    private static final int NAME_CHARACTERS_MAX = 255;
    private static final Duration EXPIRES_MAX = Duration.ofDays(36_600);
    private static final Pattern SPAN = Pattern.compile("([1-9][0-9]{0,5})([dhm])");

    @Spec CommandSpec spec;

    @Command(
            name = "create",
            description = {
                "Make a key and print it, once: only a hash of it is kept.",
                "A reader sees its tenant's runs; a writer also starts and changes them; a worker"
                        + " also takes tasks; an admin may do everything."
            },
            mixinStandardHelpOptions = true)
    void create(
            @Mixin DatabaseOptions database,
            @Option(
                            names = "--tenant",
                            paramLabel = "TENANT",
                            defaultValue = "default",
                            description =
                                    "Whose runs it sees; '*' is everybody's (default:"
                                            + " ${DEFAULT-VALUE}).")
                    String tenant,
            @Option(
                            names = "--role",
                            paramLabel = "ROLE",
                            required = true,
                            description = "What it may do: reader, writer, worker or admin.")
                    String role,
            @Option(
                            names = "--name",
                            paramLabel = "NAME",
                            defaultValue = "",
                            description = "Who has it, or what for.")
                    String name,
            @Option(
                            names = "--expires",
                            paramLabel = "TIME",
                            description =
                                    "For how long it is good, such as 90d, 12h or P1DT6H"
                                            + " (default: for ever).")
                    @Nullable String expires) {
        TenantScope tenants =
                InstallationOptions.understood(spec, "--tenant", () -> TenantScope.of(tenant));
        Role asked = InstallationOptions.understood(spec, "--role", () -> Role.of(role));
        String described = InstallationOptions.understood(spec, "--name", () -> described(name));
        Instant now = Instant.now().truncatedTo(ChronoUnit.MICROS); // as Postgres keeps it
        Instant end =
                expires == null
                        ? null
                        : InstallationOptions.understood(
                                spec, "--expires", () -> now.plus(span(expires)));
        KeyText text = KeyText.mint(new SecureRandom());
        try (PostgresLedger ledger = database.open()) {
            ledger.access().addKey(ApiKey.made(text, tenants, asked, described, now, end));
        }
        PrintWriter out = spec.commandLine().getOut();
        out.println(text.text());
        out.flush();
        PrintWriter aside = spec.commandLine().getErr();
        aside.println(
                "Keep it: it is shown this once. To revoke: ./outrun key revoke " + text.id());
        aside.flush();
    }

    @Command(
            name = "list",
            description = "List the keys, newest first; their secrets are nowhere.",
            mixinStandardHelpOptions = true)
    void list(@Mixin DatabaseOptions database) {
        PrintWriter out = spec.commandLine().getOut();
        Instant now = Instant.now();
        out.printf(
                "%-12s  %-16s %-7s %-8s %-20s %-20s %s%n",
                "ID", "TENANT", "ROLE", "STATE", "EXPIRES", "LAST USED", "NAME");
        try (PostgresLedger ledger = database.open()) {
            for (ApiKey key : ledger.access().keys(LISTED_MAX)) {
                out.printf(
                        "%-12s  %-16s %-7s %-8s %-20s %-20s %s%n",
                        key.id(),
                        key.tenants(),
                        key.role().text(),
                        state(key, now),
                        time(key.expiresAt(), "never"),
                        time(key.lastUsedAt(), "never"),
                        key.name());
            }
        }
        out.flush();
    }

    @Command(
            name = "revoke",
            description = "Make a key open nothing any more; nodes know it within seconds.",
            mixinStandardHelpOptions = true)
    void revoke(
            @Mixin DatabaseOptions database,
            @Parameters(paramLabel = "ID", description = "Its id, as ./outrun key list shows it.")
                    String id) {
        try (PostgresLedger ledger = database.open()) {
            if (!ledger.access().revokeKey(id, Instant.now().truncatedTo(ChronoUnit.MICROS))) {
                throw new OutrunException(
                        ErrorCode.NOT_FOUND, "there is no key " + id + " that is not revoked");
            }
        }
    }

    @Command(
            name = "audit",
            description = "Show who has changed what over the API, newest first.",
            mixinStandardHelpOptions = true)
    void audit(
            @Mixin DatabaseOptions database,
            @Option(
                            names = "--limit",
                            paramLabel = "N",
                            defaultValue = "100",
                            description = "At most so many calls (default: ${DEFAULT-VALUE}).")
                    int limit) {
        PrintWriter out = spec.commandLine().getOut();
        int most =
                InstallationOptions.understood(
                        spec, "--limit", () -> Objects.checkIndex(limit, LISTED_MAX + 1));
        try (PostgresLedger ledger = database.open()) {
            for (AuditEntry entry : ledger.access().audit(most)) {
                out.printf(
                        "%s  %d  %-16s  %-12s  %s  %s  %s%n",
                        time(entry.at(), ""),
                        entry.status(),
                        entry.caller(),
                        entry.tenant(),
                        entry.call(),
                        Objects.requireNonNullElse(entry.target(), "-"),
                        entry.address());
            }
        }
        out.flush();
    }

    private static String state(ApiKey key, Instant now) {
        if (key.revokedAt() != null) {
            return "revoked";
        }
        return key.isGood(now) ? "good" : "expired";
    }

    private static String time(@Nullable Instant time, String none) {
        return time == null ? none : time.truncatedTo(ChronoUnit.SECONDS).toString();
    }

    private static String described(String name) {
        if (name.length() > NAME_CHARACTERS_MAX || name.chars().anyMatch(Character::isISOControl)) {
            throw new IllegalArgumentException(
                    "a name has at most " + NAME_CHARACTERS_MAX + " characters, in one line");
        }
        return name;
    }

    private static Duration span(String text) {
        Matcher counted = SPAN.matcher(text);
        Duration span =
                counted.matches()
                        ? Duration.of(
                                Long.parseLong(counted.group(1)),
                                switch (counted.group(2)) {
                                    case "d" -> ChronoUnit.DAYS;
                                    case "h" -> ChronoUnit.HOURS;
                                    default -> ChronoUnit.MINUTES;
                                })
                        : Duration.parse(text);
        if (!span.isPositive() || span.compareTo(EXPIRES_MAX) > 0) {
            throw new IllegalArgumentException("not a time of up to " + EXPIRES_MAX.toDays() + "d");
        }
        return span;
    }
}
