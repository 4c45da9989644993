package io.tokenstate.listener;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.List;
import java.util.UUID;
import java.util.regex.Pattern;

/**
 * The name under which this Keycloak node speaks. It is a token of a NATS subject and the key by which readers keep
 * nodes and their clocks apart, so it must be stable across restarts and free of dots, spaces and wildcards.
 */
final class NodeName {
    private static final Pattern VALID = Pattern.compile("[A-Za-z0-9_-]{1,64}");

    private static final Pattern CONTAINER = Pattern.compile("[0-9a-f]{12}|[0-9a-f]{64}");

    /** A random id of this start of the process: it tells two nodes that share a name apart. */
    static final String INSTANCE = UUID.randomUUID().toString();

    private NodeName() {
    }

    /**
     * Why this name will not do, in a sentence, or nothing. A name that is new at each start leaves a node behind
     * that seems to have fallen silent; one that several nodes have makes their heartbeats overwrite each other.
     */
    static List<String> doubt(String name) {
        if (CONTAINER.matcher(name).matches()) {
            return List.of("the node's name looks like the random id of a container, which is another one after each "
                    + "start; set the option node to a name that stays");
        }
        if (name.equals("localhost") || name.startsWith("localhost-")) {
            return List.of("the node's name is localhost, which other nodes may be called too; set the option node to "
                    + "a name that no other node has");
        }
        return List.of();
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
