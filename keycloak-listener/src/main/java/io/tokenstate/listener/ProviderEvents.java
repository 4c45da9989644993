package io.tokenstate.listener;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.function.LongSupplier;
import org.keycloak.models.ClientModel;
import org.keycloak.models.GroupModel;
import org.keycloak.models.KeycloakSession;
import org.keycloak.models.RealmModel;
import org.keycloak.models.RoleContainerModel;
import org.keycloak.models.RoleModel;
import org.keycloak.models.UserModel;
import org.keycloak.models.workflow.ResourceType;
import org.keycloak.models.workflow.WorkflowProviderEvent.WorkflowStepExecutedEvent;
import org.keycloak.provider.ProviderEvent;

/**
 * What Keycloak's parts tell each other inside a change, where no user event and no admin event tells it: a partial
 * import overwrites a user, a workflow deletes or disables one, a client's service account is switched off, a user
 * store no longer knows somebody, an identity provider's mapper takes a role away at a login.
 *
 * <p>The kinds are looked up by name when Keycloak starts, for 26.0 lacks some of them, and to name a missing class in
 * code that runs would be an error of every event. Nothing is asked here that could reach a database or a user store,
 * except whether a role is composite.
 */
final class ProviderEvents {
    static final String USER_REMOVED = "USER_REMOVED";
    static final String USER_PRE_REMOVED = "USER_PRE_REMOVED";
    static final String USER_ROLES_CHANGED = "USER_ROLES_CHANGED";
    static final String WORKFLOW_STEP = "WORKFLOW_STEP";
    static final String CLIENT_REMOVED = "CLIENT_REMOVED";
    static final String ROLES_CHANGED = "ROLES_CHANGED";
    /** More happened in one transaction than is told one by one. */
    static final String MANY_EVENTS = "MANY_EVENTS";

    /** The role without which Keycloak refreshes no offline token. */
    private static final String OFFLINE_ACCESS = "offline_access";
    /** A user who was made so shortly ago holds no token yet: every registration grants the default roles. */
    private static final long NEW = 10_000;
    /** Steps that cannot end or revive a token; one that we do not know can. */
    private static final Set<String> HARMLESS_STEPS = Set.of("notify-user", "set-user-attribute",
            "remove-user-attribute", "add-required-action", "remove-required-action", "restart");

    private final Realms realms;
    private final LongSupplier clock;
    private final Map<Class<?>, Function<ProviderEvent, Told>> kinds = new LinkedHashMap<>();

    /**
     * @param session   in whose transaction it was told
     * @param committed what it tells was committed before it was told
     */
    record Told(KeycloakSession session, Happened happened, boolean committed) {
    }

    /** @param clock Keycloak's time, ms */
    ProviderEvents(Realms realms, LongSupplier clock) {
        this.realms = realms;
        this.clock = clock;
        on("org.keycloak.models.UserModel$UserRemovedEvent", this::userRemoved);
        on("org.keycloak.models.UserModel$UserPreRemovedEvent", this::userPreRemoved);
        on("org.keycloak.models.ClientModel$ClientRemovedEvent", this::clientRemoved);
        on("org.keycloak.models.RoleContainerModel$RoleRemovedEvent", this::roleRemoved);
        on("org.keycloak.models.GroupModel$GroupRemovedEvent", this::groupRemoved);
        on("org.keycloak.models.RoleModel$RoleGrantedEvent", this::roleGranted);
        on("org.keycloak.models.RoleModel$RoleRevokedEvent", this::roleRevoked);
        on("org.keycloak.models.GroupModel$GroupMemberJoinEvent", this::groupJoined);
        on("org.keycloak.models.GroupModel$GroupMemberLeaveEvent", this::groupLeft);
        on("org.keycloak.models.workflow.WorkflowProviderEvent$WorkflowStepExecutedEvent", this::workflowStep);
    }

    /** Whether it tells, or foretells, the end of a user or client. */
    static boolean isRemoval(Happened h) {
        return switch (h.type()) {
            case USER_REMOVED, USER_PRE_REMOVED, CLIENT_REMOVED -> true;
            default -> false;
        };
    }

    private void on(String name, Function<ProviderEvent, Told> reader) {
        Class<?> kind = known(name);
        if (kind != null) {
            kinds.put(kind, reader);
        }
    }

    /** The kind of event if this Keycloak has it, and it says whom it is about (of groups, 26.0 does not). */
    static Class<?> known(String name) {
        try {
            Class<?> kind = Class.forName(name);
            if (name.contains("GroupMember")) {
                kind.getMethod("getUser");
            }
            return kind;
        } catch (ClassNotFoundException | NoSuchMethodException | LinkageError e) {
            return null;
        }
    }

    /** What it tells, or null if it does not concern us. */
    Told read(ProviderEvent event) {
        for (Map.Entry<Class<?>, Function<ProviderEvent, Told>> kind : kinds.entrySet()) {
            if (kind.getKey().isInstance(event)) {
                return kind.getValue().apply(event);
            }
        }
        return null;
    }

    private Told userRemoved(ProviderEvent event) {
        UserModel.UserRemovedEvent e = (UserModel.UserRemovedEvent) event;
        return user(USER_REMOVED, e.getKeycloakSession(), e.getRealm(), e.getUser());
    }

    private Told userPreRemoved(ProviderEvent event) {
        UserModel.UserPreRemovedEvent e = (UserModel.UserPreRemovedEvent) event;
        return user(USER_PRE_REMOVED, e.getKeycloakSession(), e.getRealm(), e.getUser());
    }

    private Told clientRemoved(ProviderEvent event) {
        ClientModel.ClientRemovedEvent e = (ClientModel.ClientRemovedEvent) event;
        ClientModel client = e.getClient();
        Subject subject = subject(client.getRealm(), Subject.Kind.CLIENT, client.getId());
        return told(CLIENT_REMOVED, e.getKeycloakSession(), subject, Text.id(client.getClientId()), Map.of());
    }

    private Told roleRemoved(ProviderEvent event) {
        RoleContainerModel.RoleRemovedEvent e = (RoleContainerModel.RoleRemovedEvent) event;
        return matters(e.getRole())
                ? told(ROLES_CHANGED, e.getKeycloakSession(), realm(realm(e.getRole())), null, Map.of()) : null;
    }

    private Told groupRemoved(ProviderEvent event) {
        GroupModel.GroupRemovedEvent e = (GroupModel.GroupRemovedEvent) event;
        return told(ROLES_CHANGED, e.getKeycloakSession(), realm(e.getRealm()), null, Map.of());
    }

    private Told roleGranted(ProviderEvent event) {
        RoleModel.RoleGrantedEvent e = (RoleModel.RoleGrantedEvent) event;
        return matters(e.getRole()) ? roles(e.getKeycloakSession(), realm(e.getRole()), e.getUser()) : null;
    }

    private Told roleRevoked(ProviderEvent event) {
        RoleModel.RoleRevokedEvent e = (RoleModel.RoleRevokedEvent) event;
        return matters(e.getRole()) ? roles(e.getKeycloakSession(), realm(e.getRole()), e.getUser()) : null;
    }

    private Told groupJoined(ProviderEvent event) {
        GroupModel.GroupMemberJoinEvent e = (GroupModel.GroupMemberJoinEvent) event;
        return roles(e.getKeycloakSession(), e.getRealm(), e.getUser());
    }

    private Told groupLeft(ProviderEvent event) {
        GroupModel.GroupMemberLeaveEvent e = (GroupModel.GroupMemberLeaveEvent) event;
        return roles(e.getKeycloakSession(), e.getRealm(), e.getUser());
    }

    /** Told after the step's own transaction, so what may roll back after it takes nothing back. */
    private Told workflowStep(ProviderEvent event) {
        WorkflowStepExecutedEvent e = (WorkflowStepExecutedEvent) event;
        if (e.getResourceType() != ResourceType.USERS || HARMLESS_STEPS.contains(e.getStepProviderId())) {
            return null;
        }
        Subject subject = subject(e.getRealm(), Subject.Kind.USER, e.getResourceId());
        Told told = told(WORKFLOW_STEP, e.getKeycloakSession(), subject, null, Map.of());
        return told == null ? null : new Told(told.session(), told.happened(), true);
    }

    private Told roles(KeycloakSession session, RealmModel realm, UserModel user) {
        Long born = user.getCreatedTimestamp();
        boolean isNew = born != null && clock.getAsLong() - born < NEW;
        return isNew ? null : user(USER_ROLES_CHANGED, session, realm, user);
    }

    /** With the user store that the user came from, for what a store's user lost can come back. */
    private Told user(String type, KeycloakSession session, RealmModel realm, UserModel user) {
        String store = Text.id(user.getFederationLink());
        return told(type, session, subject(realm, Subject.Kind.USER, user.getId()), null,
                store == null ? Map.of() : Map.of("store", store));
    }

    private Told told(String type, KeycloakSession session, Subject subject, String clientId, Map<String, String> details) {
        return subject == null ? null
                : new Told(session, Happened.provider(type, clock.getAsLong(), subject, clientId, details), false);
    }

    private Subject realm(RealmModel realm) {
        return subject(realm, Subject.Kind.REALM, "");
    }

    private Subject subject(RealmModel realm, Subject.Kind kind, String id) {
        String alias = realm == null ? null : realms.alias(realm.getName());
        String fit = kind == Subject.Kind.REALM ? id : Text.id(id);
        return alias == null || fit == null ? null : new Subject(realm.getName(), alias, kind, fit);
    }

    private static boolean matters(RoleModel role) {
        return OFFLINE_ACCESS.equals(role.getName()) || role.isComposite();
    }

    /** The role's own realm: the event's is that of the request, and a request may change another one. */
    private static RealmModel realm(RoleModel role) {
        RoleContainerModel in = role.getContainer();
        return in instanceof RealmModel realm ? realm : in instanceof ClientModel client ? client.getRealm() : null;
    }
}
