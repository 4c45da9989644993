package io.tokenstate.listener;

import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * Which realms are published, and under which name. In the log a realm has its own name unless an alias is configured;
 * in a subject the name is encoded, for it may hold spaces, dots and wildcards.
 */
final class Realms {
    private static final Pattern ALIAS = Pattern.compile("[a-z0-9][a-z0-9_-]{0,62}");
    private static final String ADMINISTRATORS = "master";
    /** Stands in heartbeats, which are of no realm. */
    private static final String NOBODYS = "_";

    private final Map<String, String> aliases;

    private Realms(Map<String, String> aliases) {
        this.aliases = aliases;
    }

    /**
     * Reads {@code name=alias,name2}. Empty: every realm but master, whose users administer Keycloak and hold no tokens
     * of an application.
     *
     * @param faults gets a sentence for every entry that cannot be used
     */
    static Realms parse(String list, List<String> faults) {
        Map<String, String> aliases = new LinkedHashMap<>();
        for (String entry : list == null ? new String[0] : list.split(",")) {
            if (!entry.isBlank()) {
                add(entry.trim(), aliases, faults);
            }
        }
        return new Realms(aliases);
    }

    private static void add(String entry, Map<String, String> aliases, List<String> faults) {
        // The last '=': a realm's name may contain one, an alias cannot.
        int at = entry.lastIndexOf('=');
        String name = at < 0 ? entry : entry.substring(0, at).trim();
        String alias = at < 0 ? entry : entry.substring(at + 1).trim();
        if (!valid(name) || at >= 0 && !ALIAS.matcher(alias).matches()) {
            faults.add("realms: '" + Text.cut(entry, 80) + "' is no realm's name, or its alias is not of [a-z0-9_-]");
        } else if (aliases.containsValue(alias)) {
            faults.add("realms: alias '" + alias + "' stands twice");
        } else if (aliases.put(name, alias) != null) {
            faults.add("realms: realm '" + Text.cut(name, 80) + "' stands twice");
        }
    }

    /** The alias under which this realm is published, or null if it is not. */
    String alias(String name) {
        if (name == null) {
            return null;
        }
        if (!aliases.isEmpty()) {
            return aliases.get(name);
        }
        return !ADMINISTRATORS.equals(name) && valid(name) ? name : null;
    }

    /** Whether the log can carry the name: at most 255 bytes, no control characters, and not the sign for no realm. */
    static boolean valid(String name) {
        return Text.id(name) != null && !NOBODYS.equals(name)
                && name.getBytes(StandardCharsets.UTF_8).length <= Text.MAX
                && name.chars().noneMatch(Character::isISOControl);
    }

    /**
     * The realm's token of a subject: letters, digits, '_' and '-' stand for themselves, each other byte of the UTF-8
     * form is '=' and two hexadecimal digits. Go has the same rule in {@code internal/events/realm.go}.
     */
    static String token(String name) {
        StringBuilder out = new StringBuilder();
        for (byte b : name.getBytes(StandardCharsets.UTF_8)) {
            if (b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z' || b >= '0' && b <= '9' || b == '_' || b == '-') {
                out.append((char) b);
            } else {
                out.append(String.format("=%02X", b));
            }
        }
        return out.toString();
    }

    /** Whether the realm is published, or tells of the deletion of one that is. */
    boolean concern(String name) {
        return ADMINISTRATORS.equals(name) || alias(name) != null;
    }

    /** Keycloak's name of the realm that is published under this alias. */
    String name(String alias) {
        return aliases.entrySet().stream().filter(e -> e.getValue().equals(alias)).map(Map.Entry::getKey)
                .findFirst().orElse(alias);
    }

    @Override
    public String toString() {
        return aliases.isEmpty() ? "every realm but master" : aliases.toString();
    }
}
