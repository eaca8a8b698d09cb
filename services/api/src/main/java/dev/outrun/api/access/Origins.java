package dev.outrun.api.access;

import dev.outrun.schema.error.ErrorCode;
import dev.outrun.schema.error.OutrunException;
import java.net.InetAddress;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Whose pages may call from a browser. A browser lets any page send what a form could, and some
 * calls need no more: so a page's changing call is refused unless the page is our own or named. And
 * where nobody is asked who they are, a name that is led to the loopback address is no name of
 * ours.
 */
public final class Origins {

    private static final Pattern PORT = Pattern.compile(":[0-9]+$");

    private final List<String> allowed;
    private final boolean loopbackOnly;

    /**
     * Those that were named.
     *
     * @param loopbackOnly whether only this machine's own names are ours
     */
    public Origins(List<String> allowed, boolean loopbackOnly) {
        this.allowed = List.copyOf(allowed);
        this.loopbackOnly = loopbackOnly;
    }

    /** Whether a page of this origin was allowed to call. */
    public boolean allows(@Nullable String origin) {
        return origin != null && allowed.contains(origin);
    }

    /**
     * Throws {@code forbidden} for a call that a stranger's page has made.
     *
     * @param host what the call's Host header names us
     * @param origin the calling page's; null where no page says that it calls
     * @param changing whether the call changes anything
     */
    public void check(@Nullable String host, @Nullable String origin, boolean changing) {
        String name = host == null ? "" : host.toLowerCase(Locale.ROOT);
        if (loopbackOnly && !isLoopback(withoutPort(name))) {
            throw new OutrunException(
                    ErrorCode.FORBIDDEN,
                    "without keys this server is called by its loopback address, not as " + name);
        }
        if (changing && origin != null && !isOurs(origin, name) && !allows(origin)) {
            throw new OutrunException(
                    ErrorCode.FORBIDDEN, "pages of " + origin + " may not change anything here");
        }
    }

    private static boolean isOurs(String origin, String host) {
        return origin.equals("http://" + host) || origin.equals("https://" + host);
    }

    private static String withoutPort(String host) {
        return PORT.matcher(host).replaceFirst("");
    }

    /** Whether a name is this machine's own, without asking anybody. */
    public static boolean isLoopback(String host) {
        String bare =
                host.startsWith("[") && host.endsWith("]")
                        ? host.substring(1, host.length() - 1)
                        : host;
        if (bare.equalsIgnoreCase("localhost")) {
            return true;
        }
        try {
            return InetAddress.ofLiteral(bare).isLoopbackAddress();
        } catch (IllegalArgumentException e) {
            return false; // a name: where it leads is others' to say
        }
    }
}
