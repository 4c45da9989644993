package io.tokenstate.listener;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.regex.Pattern;

/**
 * The name under which this Keycloak node speaks. It is a token of a NATS subject and the key by which readers keep
 * nodes and their clocks apart, so it must be stable across restarts and free of dots, spaces and wildcards.
 */
final class NodeName {
    private static final Pattern VALID = Pattern.compile("[A-Za-z0-9_-]{1,64}");

    private NodeName() {
    }

    /** The configured name, hashed where it does not fit; else the sanitised host name. */
    static String of(String configured) {
        if (configured != null && !configured.isBlank()) {
            return fit(configured.trim());
        }
        return fit(host().replace('.', '-'));
    }

    private static String fit(String name) {
        return VALID.matcher(name).matches() ? name : "n-" + Text.sha256(name).substring(0, 16);
    }

    private static String host() {
        String env = System.getenv("HOSTNAME");
        if (env != null && !env.isBlank()) {
            return env.trim();
        }
        try {
            return InetAddress.getLocalHost().getHostName();
        } catch (UnknownHostException e) {
            return "keycloak";
        }
    }
}
