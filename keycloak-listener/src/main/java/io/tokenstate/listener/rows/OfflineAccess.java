package io.tokenstate.listener.rows;

import static java.util.stream.Collectors.toSet;

import java.util.Arrays;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.function.Function;
import org.keycloak.OAuth2Constants;
import org.keycloak.models.ClientModel;
import org.keycloak.models.Constants;
import org.keycloak.services.util.UserSessionUtil;

/**
 * Who may hold offline tokens: whom the realm role offline_access reaches, directly, within another role, or by a group
 * or one above it, and who also has one of the roles that the client scope offline_access demands. By default that is
 * the same role; an administrator may map others to the scope, or none, which demands nothing.
 *
 * <p>It goes from the role to the users and not, as Keycloak does for one user, from the user to the role: what contains
 * the role is one or two roles and mostly no group, so that a thousand users cost as many statements as one.
 */
final class OfflineAccess {
    /**
     * Since 26.4 a refresh asks for the scope as well as for the role. Keycloak's own method cannot be called, for it
     * loads the user through the user store.
     */
    private static final boolean SCOPE_COUNTS = Arrays.stream(UserSessionUtil.class.getMethods())
            .anyMatch(m -> m.getName().equals("isOfflineAccessGranted"));

    private final Rows rows;
    private final Grant role;
    private final Grant scope;
    private final String scopeId;

    /** Roles of which one is enough, with those that contain one, and the groups that give one. */
    private record Grant(Set<String> roles, Set<String> groups) {
    }

    /** @param scope what the scope demands beside the role; null: nothing */
    private OfflineAccess(Rows rows, Grant role, Grant scope, String scopeId) {
        this.rows = rows;
        this.role = role;
        this.scope = scope;
        this.scopeId = scopeId;
    }

    static OfflineAccess of(Rows rows, String realmId) {
        List<String> role = rows.query("select r.id from RoleEntity r where r.clientRole = false and r.name = :name"
                + " and r.realmId = :realm", String.class).setParameter("name", Constants.OFFLINE_ACCESS_ROLE)
                .setParameter("realm", realmId).getResultList();
        List<Object[]> scope = rows.query("select s.id, m.role.id from ClientScopeEntity s"
                + " left join ClientScopeRoleMappingEntity m on m.clientScope.id = s.id"
                + " where s.name = :name and s.realmId = :realm", Object[].class)
                .setParameter("name", OAuth2Constants.OFFLINE_ACCESS).setParameter("realm", realmId).getResultList();
        Set<String> demanded = scope.stream().map(row -> (String) row[1]).filter(Objects::nonNull).collect(toSet());
        boolean more = SCOPE_COUNTS && !demanded.isEmpty() && !demanded.equals(Set.copyOf(role));
        return new OfflineAccess(rows, grant(rows, role), more ? grant(rows, within(rows, demanded)) : null,
                scope.isEmpty() ? null : (String) scope.get(0)[0]);
    }

    /** A role is demanded with every role that it contains, and each of them is enough. */
    private static Set<String> within(Rows rows, Set<String> demanded) {
        return closure(demanded, some -> ids(rows, composites(rows, "childRole", "parentRole", "c.id", "p.id"), some));
    }

    private static Grant grant(Rows rows, Collection<String> oneOf) {
        Set<String> roles = closure(oneOf,
                some -> ids(rows, composites(rows, "parentRole", "childRole", "p.id", "c.id"), some));
        List<String> granting = ids(rows, "select g.group.id from GroupRoleMappingEntity g where g.roleId in :list", roles);
        return new Grant(roles, closure(granting,
                some -> ids(rows, "select g.id from GroupEntity g where g.parentId in :list", some)));
    }

    /** Until 26.6 composites are a collection of the role, since then an entity. */
    private static String composites(Rows rows, String selected, String by, String selectedOld, String byOld) {
        return rows.has("CompositeRoleEntity", null)
                ? "select c." + selected + ".id from CompositeRoleEntity c where c." + by + ".id in :list"
                : "select " + selectedOld + " from RoleEntity p join p.compositeRoles c where " + byOld + " in :list";
    }

    /** Those of the users who may hold offline tokens. */
    Set<String> among(Collection<String> users) {
        Set<String> found = reached(role, users);
        if (scope != null) {
            found.retainAll(reached(scope, users));
        }
        return found;
    }

    private Set<String> reached(Grant by, Collection<String> users) {
        Set<String> found = reached("select m.user.id from UserRoleMappingEntity m where m.user.id in :users"
                + " and m.roleId in :list", by.roles, users);
        found.addAll(reached("select m.user.id from UserGroupMembershipEntity m where m.user.id in :users"
                + " and m.groupId in :list", by.groups, users));
        return found;
    }

    private Set<String> reached(String query, Set<String> by, Collection<String> users) {
        return new HashSet<>(rows.forAll(by, some -> rows.query(query, String.class).setParameter("users", users)));
    }

    /**
     * The UUIDs of those of the clients whose offline tokens Keycloak refreshes, if their user may hold one: not bearer-only,
     * with the scope offline_access, and with the role in their own scope. A role that only an optional scope gives is
     * taken as given: which of those a token has, no row says, and Keycloak decides.
     */
    Set<String> of(Collection<ClientModel> clients) {
        Set<String> may = clients.stream().filter(c -> !c.isBearerOnly()).map(ClientModel::getId).collect(toSet());
        if (SCOPE_COUNTS) {
            may.retainAll(scopeId == null ? Set.of() : having(may, "select m.clientId from ClientScopeClientMappingEntity m"
                    + " where m.clientId in :clients and m.clientScopeId in :list", Set.of(scopeId)));
        }
        Set<String> limited = clients.stream().filter(c -> !c.isFullScopeAllowed()).map(ClientModel::getId).collect(toSet());
        limited.retainAll(may);
        if (!limited.isEmpty()) {
            may.removeAll(limited);
            may.addAll(withRole(limited));
        }
        return may;
    }

    private Set<String> withRole(Set<String> clients) {
        Set<String> found = having(clients, "select m.clientId from ClientScopeClientMappingEntity m,"
                + " ClientScopeRoleMappingEntity r where r.clientScope.id = m.clientScopeId and m.clientId in :clients"
                + " and r.role.id in :list", role.roles);
        found.addAll(having(clients, "select c.id from ClientEntity c join c.scopeMappingIds s where c.id in :clients"
                + " and s in :list", role.roles));
        found.addAll(having(clients, "select r.clientId from RoleEntity r where r.clientId in :clients and r.id in :list",
                role.roles));
        return found;
    }

    private Set<String> having(Set<String> clients, String query, Set<String> list) {
        return clients.isEmpty() ? new HashSet<>() : new HashSet<>(rows.forAll(list,
                some -> rows.query(query, String.class).setParameter("clients", clients)));
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
