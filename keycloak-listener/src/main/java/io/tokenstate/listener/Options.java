package io.tokenstate.listener;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;

/**
 * The listener's options, {@code --spi-events-listener--tokenstate--<name>}. All faults are collected at once, so
 * that one restart suffices to mend them; no fault stops Keycloak, it only keeps the listener off.
 *
 * <p>Times are milliseconds. {@code toString} is never overridden: the password must not reach a log by accident.
 */
final class Options {
    static final Set<String> NAMES = Set.of("nats-url", "nats-user", "nats-password", "nats-password-file", "nats-creds",
            "nats-ca", "nats-cert", "nats-key", "realms", "global", "node", "queue-size", "birth-delay-ms", "heartbeat-ms",
            "refresh-error-window-ms");
    /** Before 26.3 Keycloak joined the parts with a single dash. */
    private static final List<String> PREFIXES =
            List.of("kc.spi-events-listener--tokenstate--", "kc.spi-events-listener-tokenstate-");
    /** Keycloak's own settings of every provider. */
    private static final Set<String> KEYCLOAKS = Set.of("enabled", "provider", "provider-default");

    private final List<String> faults = new ArrayList<>();
    private final Function<String, String> source;

    final String natsUrl;
    final String natsUser;
    final char[] natsPassword;
    final String natsCreds;
    final String natsCa;
    final String natsCert;
    final String natsKey;
    final Realms realms;
    final boolean realmsReadable;
    final boolean global;
    final String node;
    final int queueSize;
    final long birthDelay;
    final long heartbeat;
    final long refreshErrorWindow;

    /** @param source the option of a name, or null where it is not set */
    Options(Function<String, String> source) {
        this.source = source;
        natsUrl = text("nats-url");
        natsUser = text("nats-user");
        natsPassword = password();
        natsCreds = usable("nats-creds", Options::notEmpty);
        natsCa = usable("nats-ca", Pem::certificates);
        natsCert = usable("nats-cert", Pem::certificates);
        natsKey = usable("nats-key", Pem::key);
        int before = faults.size();
        realms = Realms.parse(text("realms"), faults);
        realmsReadable = faults.size() == before;
        global = bool("global", true);
        node = NodeName.of(text("node"));
        queueSize = (int) number("queue-size", 10_000, 16, 1_000_000);
        birthDelay = number("birth-delay-ms", 500, 0, 60_000);
        heartbeat = number("heartbeat-ms", 15_000, 100, 600_000);
        refreshErrorWindow = number("refresh-error-window-ms", 10_000, 100, 3_600_000);
        if (natsUrl == null) {
            faults.add("nats-url is missing, as in nats://nats:4222");
        } else {
            address();
        }
        if ((natsCert == null) != (natsKey == null)) {
            faults.add("nats-cert and nats-key belong together");
        }
        if (natsUser == null && source.apply("nats-user") != null) {
            faults.add("nats-user is empty");
        }
        if (natsUser != null && natsCreds != null) {
            faults.add("nats-user and nats-creds exclude one another");
        }
        if ((natsUser == null) != (natsPassword == null)) {
            faults.add("nats-user and nats-password belong together");
        }
    }

    /** Everything that is wrong, in sentences without secrets; empty when all is well. */
    List<String> faults() {
        return List.copyOf(faults);
    }

    /**
     * Names that are none of ours: a misspelt {@code realms} would silently publish every realm.
     *
     * @param given as Keycloak lists them, {@code kc.spi-events-listener--tokenstate--nats-url}
     */
    static Set<String> unknown(Iterable<String> given) {
        Set<String> unknown = new TreeSet<>();
        for (String full : given) {
            PREFIXES.stream().filter(full::startsWith).map(p -> full.substring(p.length()))
                    .filter(name -> !NAMES.contains(name) && !KEYCLOAKS.contains(name)).forEach(unknown::add);
        }
        return unknown;
    }

    private String text(String name) {
        String value = source.apply(name);
        return value == null || value.isBlank() ? null : value.trim();
    }

    private void address() {
        if (natsUrl.contains("opentls://")) {
            faults.add("nats-url: opentls:// trusts every server; use tls:// and nats-ca");
        }
        for (String server : natsUrl.split(",")) {
            int at = server.lastIndexOf('@');
            int from = server.indexOf("://");
            String user = at < 0 ? null : server.substring(from < 0 ? 0 : from + 3, at).trim();
            if (user != null && (user.isEmpty() || user.startsWith(":") || user.endsWith(":"))) {
                faults.add("nats-url holds an empty user or password; give them with nats-user and nats-password-file");
            }
        }
    }

    /** An empty password lets the listener in wherever NATS was configured with an empty one, and everybody else. */
    private char[] password() {
        char[] given = givenPassword();
        if (given != null && new String(given).isBlank()) {
            faults.add("nats-password is empty; set the one of NATS's user");
        }
        return given;
    }

    private char[] givenPassword() {
        String value = source.apply("nats-password");
        String file = text("nats-password-file");
        if (value != null && file != null) {
            faults.add("nats-password and nats-password-file exclude one another");
            return null;
        }
        if (file == null) {
            return value == null ? null : value.toCharArray();
        }
        try {
            return Files.readString(Path.of(file)).stripTrailing().toCharArray();
        } catch (IOException | RuntimeException e) {
            faults.add("nats-password-file cannot be read: " + e.getClass().getSimpleName());
            return null;
        }
    }

    /** The file of an option, tried once: a fault is better told now than at each connect. */
    private String usable(String name, Reader reader) {
        String file = text(name);
        try {
            if (file != null) {
                reader.read(Path.of(file));
            }
        } catch (NoSuchFileException | AccessDeniedException | InvalidPathException e) {
            faults.add(name + " cannot be read");
        } catch (IOException | RuntimeException e) {
            faults.add(name + " " + (e instanceof IOException && e.getClass() == IOException.class
                    ? e.getMessage() : "cannot be used: " + e.getClass().getSimpleName()));
        }
        return file;
    }

    private static void notEmpty(Path file) throws IOException {
        if (Files.readString(file).isBlank()) {
            throw new IOException("is empty");
        }
    }

    /** Reads a file for the sake of its exceptions. */
    private interface Reader {
        void read(Path file) throws IOException;
    }

    private boolean bool(String name, boolean otherwise) {
        String value = text(name);
        if (value == null) {
            return otherwise;
        }
        if (!value.equalsIgnoreCase("true") && !value.equalsIgnoreCase("false")) {
            faults.add(name + " must be true or false");
        }
        return Boolean.parseBoolean(value);
    }

    private long number(String name, long otherwise, long min, long max) {
        String value = text(name);
        if (value == null) {
            return otherwise;
        }
        try {
            long n = Long.parseLong(value);
            if (n >= min && n <= max) {
                return n;
            }
        } catch (NumberFormatException e) {
            // Told below, like a number out of bounds.
        }
        faults.add(name + " must be a number from " + min + " to " + max);
        return otherwise;
    }
}
