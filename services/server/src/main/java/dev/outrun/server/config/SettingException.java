package dev.outrun.server.config;

/** A setting that cannot be taken; the message names it, its value and what it may be. */
public final class SettingException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    SettingException(String message) {
        super(message);
    }

    public SettingException(String message, Throwable cause) {
        super(message, cause);
    }
}
