package io.tokenstate.listener;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * Which realms are published, and under which alias. An alias is a token of a NATS subject and the realm's name in
 * the whole log; a realm's own name may hold spaces, dots and capitals, hence the mapping.
 */
final class Realms {
    private static final Pattern ALIAS = Pattern.compile("[a-z0-9][a-z0-9_-]{0,62}");
    private static final String ADMINISTRATORS = "master";

    private final Map<String, String> aliases;

    private Realms(Map<String, String> aliases) {
        this.aliases = aliases;
    }

    /**
     * Reads {@code name=alias,name2}. Empty: every realm whose name is a valid alias, but not master, whose users
     * administer Keycloak and hold no tokens of an application.
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
        if (name.isEmpty() || !ALIAS.matcher(alias).matches()) {
            faults.add("realms: '" + Text.cut(entry, 80) + "' needs an alias of [a-z0-9_-], as in name=alias");
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
        return !ADMINISTRATORS.equals(name) && ALIAS.matcher(name).matches() ? name : null;
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
