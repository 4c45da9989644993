package io.tokenstate.listener.rows;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;
import org.keycloak.common.Profile;
import org.keycloak.models.RealmModel;

/** Users of one realm who have a row, local and imported ones. */
public final class UserRows {
    private static final String COLUMNS = "select u.id, u.enabled, u.notBefore, u.federationLink from UserEntity u"
            + " where u.realmId = :realm and u.";

    private final Rows rows;
    private final RealmModel realm;
    private final Map<String, User> gathered = new HashMap<>();
    private final Set<String> asked = new HashSet<>();
    private final Supplier<OfflineAccess> offlineAccess;

    UserRows(Rows rows, RealmModel realm, Supplier<OfflineAccess> offlineAccess) {
        this.rows = rows;
        this.realm = realm;
        this.offlineAccess = offlineAccess;
    }

    /** Reads several users at once, for {@link #byId} to find them. */
    public void gather(Collection<String> ids) {
        List<String> some = ids.stream().filter(asked::add).toList();
        users(rows.forAll(some, list -> rows.query(COLUMNS + "id in :list", Object[].class)
                .setParameter("realm", realm.getId()))).forEach(user -> gathered.put(user.id(), user));
    }

    /** The user, or null if there is no row of him. */
    public User byId(String id) {
        gather(List.of(id));
        return gathered.get(id);
    }

    /** The next users by id; at most a thousand. */
    public List<User> after(String id, int limit) {
        return users(rows.query(COLUMNS + "id > :id order by u.id", Object[].class)
                .setParameter("realm", realm.getId()).setParameter("id", id).setMaxResults(limit).getResultList());
    }

    private List<User> users(List<Object[]> found) {
        List<String> ids = found.stream().map(row -> (String) row[0]).toList();
        if (ids.isEmpty()) {
            return List.of();
        }
        Set<String> offline = offlineAccess.get().among(ids);
        Set<String> shutOut = shutOut(ids);
        List<User> users = new ArrayList<>();
        for (Object[] row : found) {
            String id = (String) row[0];
            users.add(new User(id, (Boolean) row[1] && !shutOut.contains(id), offline.contains(id),
                    Math.max(0, (Integer) row[2]), (String) row[3]));
        }
        return users;
    }

    /**
     * Keycloak shows the managed members of a disabled organization as disabled, and those of every organization while
     * the realm has organizations switched off.
     */
    private Set<String> shutOut(Collection<String> ids) {
        if (!Profile.isFeatureEnabled(Profile.Feature.ORGANIZATION)) {
            return Set.of();
        }
        String closed = realm.isOrganizationsEnabled() ? " and o.enabled = false" : "";
        return new HashSet<>(rows.forAll(ids, some -> rows.query("select m.user.id from UserGroupMembershipEntity m,"
                + " OrganizationEntity o where o.groupId = m.groupId and o.realmId = :realm and m.user.id in :list"
                + " and m.membershipType = 'MANAGED'" + closed, String.class).setParameter("realm", realm.getId())));
    }
}
