package io.tokenstate.listener.rows;

import jakarta.persistence.TypedQuery;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.keycloak.models.AuthenticatedClientSessionModel;
import org.keycloak.models.ClientModel;
import org.keycloak.models.RealmModel;
import org.keycloak.models.UserSessionModel;
import org.keycloak.services.managers.AuthenticationManager;
import org.keycloak.storage.StorageId;

/** Offline sessions of one realm, each listing in one statement. */
public final class SessionRows {
    /** Of one user. Beyond it, sessions are told one by one, when they are named. */
    public static final int MAX = 10_000;
    static final String COLUMNS = "s.userSessionId, s.userId, s.createdOn, s.lastSessionRefresh, s.data, c.clientId,"
            + " c.clientStorageProvider, c.externalClientId, c.timestamp, c.data";

    private final Rows rows;
    private final RealmModel realm;
    private final ClientRows clients;
    private final Map<String, Listing> gathered = new HashMap<>();

    SessionRows(Rows rows, RealmModel realm, ClientRows clients) {
        this.rows = rows;
        this.realm = realm;
        this.clients = clients;
    }

    /** @param complete false if the user has more than {@link #MAX} and these are the first of them */
    public record Listing(List<OfflineSession> sessions, boolean complete) {
    }

    /**
     * Reads the sessions of several users in one statement, for {@link #ofUser} to find them. Users who have too many
     * between them are read one by one.
     */
    public void gather(Collection<String> users) {
        List<Object[]> found = select("s.userId in :list").setParameter("list", users).setMaxResults(MAX + 1).getResultList();
        if (found.size() <= MAX) {
            Map<String, List<OfflineSession>> byUser =
                    valid(found).stream().collect(Collectors.groupingBy(OfflineSession::user));
            users.forEach(user -> gathered.put(user, new Listing(byUser.getOrDefault(user, List.of()), true)));
        }
    }

    /** Every client of every offline session of the user. */
    public Listing ofUser(String user) {
        return gathered.containsKey(user) ? gathered.get(user) : listed(user);
    }

    private Listing listed(String user) {
        List<Object[]> found = select("s.userId = :user").setParameter("user", user).setMaxResults(MAX + 1)
                .getResultList();
        if (found.size() <= MAX) {
            return new Listing(valid(found), true);
        }
        // The last session may have more clients than were read.
        Object last = found.get(MAX)[0];
        return new Listing(valid(found.stream().filter(row -> !row[0].equals(last)).toList()), false);
    }

    /** Every client of these sessions, whoever owns them and however many others he has. */
    public List<OfflineSession> named(Collection<String> sids) {
        return valid(rows.forAll(sids, some -> select("s.userSessionId in :list")));
    }

    /** A page of a client's offline sessions by session id; as many of the rows as Keycloak would refresh. */
    public Page ofClient(String client, String after, int limit) {
        StorageId id = new StorageId(client);
        TypedQuery<Object[]> query = select("s.userSessionId > :after and c.userSessionId > :after and c.clientId = :client"
                + " and c.clientStorageProvider = :store and c.externalClientId = :external")
                .setParameter("after", after)
                .setParameter("client", id.isLocal() ? client : "external")
                .setParameter("store", id.isLocal() ? "local" : id.getProviderId())
                .setParameter("external", id.isLocal() ? "local" : id.getExternalId());
        List<Object[]> found = query.setMaxResults(limit).getResultList();
        return new Page(valid(found), found.size() < limit ? null : (String) found.get(limit - 1)[0]);
    }

    /** @param next where the next page begins; null after the last */
    public record Page(List<OfflineSession> sessions, String next) {
    }

    /** Whose session it is, be it offline or online; null if there is none. */
    public String owner(String sid) {
        List<String> found = rows.query("select s.userId from PersistentUserSessionEntity s where s.userSessionId = :sid"
                + " and s.realmId = :realm", String.class).setParameter("sid", sid)
                .setParameter("realm", realm.getId()).setMaxResults(1).getResultList();
        return found.isEmpty() ? null : found.get(0);
    }

    private TypedQuery<Object[]> select(String where) {
        String remember = rows.has("PersistentUserSessionEntity", "rememberMe") ? ", s.rememberMe" : "";
        return rows.query("select " + COLUMNS + remember + " from PersistentUserSessionEntity s"
                + " join PersistentClientSessionEntity c on c.userSessionId = s.userSessionId and c.offline = s.offline"
                + " where s.offline = '1' and s.realmId = :realm and " + where
                + " order by s.userSessionId, c.clientId", Object[].class).setParameter("realm", realm.getId());
    }

    /**
     * Those that Keycloak would refresh. A client session whose client is gone is none, nor is one that is still there
     * and would be ended at the next refresh: lifespans were shortened, remember-me was switched off, its identity
     * provider is gone. Keycloak's own predicates say so, for their rules differ by version.
     */
    private List<OfflineSession> valid(List<Object[]> found) {
        List<SessionRow> all = found.stream().map(SessionRow::of).toList();
        Map<String, ClientModel> models = clients.byUuid(all.stream().map(SessionRow::client)
                .filter(StorageId::isLocalStorage).distinct().toList());
        Map<String, UserSessionModel> sessions = new HashMap<>();
        List<OfflineSession> valid = new ArrayList<>();
        for (SessionRow row : all) {
            UserSessionModel session = sessions.computeIfAbsent(row.sid(), s -> row.session(rows.session(), realm));
            ClientModel client = models.get(row.client());
            // A client of a client store has no row to judge by: its session's lifespans are the realm's.
            if (client != null || !StorageId.isLocalStorage(row.client())) {
                add(valid, row, session, client);
            }
        }
        return valid;
    }

    private void add(List<OfflineSession> valid, SessionRow row, UserSessionModel session, ClientModel client) {
        AuthenticatedClientSessionModel of = row.client(rows.session(), realm, client, session);
        if (AuthenticationManager.isSessionValid(realm, session)
                && AuthenticationManager.isClientSessionValid(realm, client, session, of)) {
            valid.add(new OfflineSession(row.sid(), row.user(), row.client(),
                    client == null ? null : client.getClientId(),
                    Math.max(0, Math.max(session.getStarted(), of.getStarted())),
                    Lifetime.of(realm, session, client, of)));
        }
    }
}
