package dev.outrun.devstack;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * What a broker asks of its clients: encryption, a name with a password, and that an ACL allows
 * what they do.
 *
 * @param keyStore PKCS12, with the key and the certificate of the broker's address
 * @param keyStorePassword of the store and of its key
 * @param passwords by the users' names
 * @param superUser one of them, who may do everything
 */
public record BrokerSecurity(
        Path keyStore, String keyStorePassword, Map<String, String> passwords, String superUser) {

    public BrokerSecurity {
        passwords = Map.copyOf(passwords);
        if (!passwords.containsKey(superUser)) {
            throw new IllegalArgumentException("super user " + superUser + " has no password");
        }
    }

    Map<String, String> config() {
        Map<String, String> config = new LinkedHashMap<>();
        config.put("listener.security.protocol.map", BrokerConfig.protocols("SASL_SSL"));
        config.put("ssl.keystore.type", "PKCS12");
        config.put("ssl.keystore.location", keyStore.toString());
        config.put("ssl.keystore.password", keyStorePassword);
        config.put("ssl.key.password", keyStorePassword);
        // For the broker as a client of itself and of its controller.
        config.put("ssl.truststore.type", "PKCS12");
        config.put("ssl.truststore.location", keyStore.toString());
        config.put("ssl.truststore.password", keyStorePassword);
        config.put("sasl.enabled.mechanisms", "PLAIN");
        config.put("sasl.mechanism.inter.broker.protocol", "PLAIN");
        config.put("sasl.mechanism.controller.protocol", "PLAIN");
        for (String listener : List.of(BrokerConfig.LISTENER, BrokerConfig.CONTROLLER_LISTENER)) {
            config.put(
                    "listener.name."
                            + listener.toLowerCase(Locale.ROOT)
                            + ".plain.sasl.jaas.config",
                    login());
        }
        // Who is not named by an ACL may do nothing.
        config.put(
                "authorizer.class.name", "org.apache.kafka.metadata.authorizer.StandardAuthorizer");
        config.put("super.users", "User:" + superUser);
        return config;
    }

    private String login() {
        StringBuilder login =
                new StringBuilder(
                        "org.apache.kafka.common.security.plain.PlainLoginModule required");
        login.append(
                " username=\"%s\" password=\"%s\"".formatted(superUser, passwords.get(superUser)));
        passwords.forEach(
                (user, password) -> login.append(" user_%s=\"%s\"".formatted(user, password)));
        return login.append(';').toString();
    }
}
