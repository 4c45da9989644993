package io.tokenstate.listener.rows;

import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Function;
import org.keycloak.models.Constants;

/**
 * Whom the realm role offline_access reaches: directly, within another role, or by a group or one above it.
 *
 * <p>It goes from the role to the users and not, as Keycloak does for one user, from the user to the role: what contains
 * the role is one or two roles and mostly no group, so that a thousand users cost as many statements as one.
 */
final class OfflineAccess {
    private final Rows rows;
    private final Set<String> roles;
    private final Set<String> groups;

    private OfflineAccess(Rows rows, Set<String> roles, Set<String> groups) {
        this.rows = rows;
        this.roles = roles;
        this.groups = groups;
    }

    static OfflineAccess of(Rows rows, String realmId) {
        List<String> role = rows.query("select r.id from RoleEntity r where r.clientRole = false and r.name = :name"
                + " and r.realmId = :realm", String.class).setParameter("name", Constants.OFFLINE_ACCESS_ROLE)
                .setParameter("realm", realmId).getResultList();
        // Until 26.6 composites are a collection of the role, since then an entity.
        String parents = rows.has("CompositeRoleEntity", null)
                ? "select c.parentRole.id from CompositeRoleEntity c where c.childRole.id in :list"
                : "select p.id from RoleEntity p join p.compositeRoles c where c.id in :list";
        Set<String> roles = closure(role, some -> ids(rows, parents, some));
        List<String> granting = ids(rows, "select g.group.id from GroupRoleMappingEntity g where g.roleId in :list", roles);
        Set<String> groups = closure(granting,
                some -> ids(rows, "select g.id from GroupEntity g where g.parentId in :list", some));
        return new OfflineAccess(rows, roles, groups);
    }

    /** Those of the users who have it. */
    Set<String> among(Collection<String> users) {
        Set<String> found = reached("select m.user.id from UserRoleMappingEntity m where m.user.id in :users"
                + " and m.roleId in :list", roles, users);
        found.addAll(reached("select m.user.id from UserGroupMembershipEntity m where m.user.id in :users"
                + " and m.groupId in :list", groups, users));
        return found;
    }

    private Set<String> reached(String query, Set<String> by, Collection<String> users) {
        return new HashSet<>(rows.forAll(by, some -> rows.query(query, String.class).setParameter("users", users)));
    }

    private static List<String> ids(Rows rows, String query, Collection<String> list) {
        return rows.forAll(list, some -> rows.query(query, String.class));
    }

    /** What is reached from the start, itself included, each asked once: roles may contain each other in a circle. */
    static Set<String> closure(Collection<String> start, Function<Collection<String>, Collection<String>> next) {
        Set<String> all = new HashSet<>(start);
        Collection<String> border = all.stream().toList();
        while (!border.isEmpty()) {
            border = new HashSet<>(next.apply(border)).stream().filter(all::add).toList();
        }
        return all;
    }
}
