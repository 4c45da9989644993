package io.tokenstate.listener;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.Map;
import org.keycloak.events.Event;
import org.keycloak.events.EventType;
import org.keycloak.events.admin.AdminEvent;
import org.keycloak.events.admin.OperationType;

/** Keycloak's events as tests need them. */
final class Samples {
    static final String ID = "5b0e7f0a-3c1d-4d3a-9a68-0123456789ab";
    static final long AT = 1_795_487_349_589L;
    static final Extractor EXTRACTOR = new Extractor(Realms.parse("Demo Realm=demo", new ArrayList<>()));
    static final Envelope ENVELOPE = new Envelope("kc-1", "26.7.3", () -> "0f0f0f0f-0000-4000-8000-000000000001");

    private Samples() {
    }

    static Event user(EventType type, String user, String session, String client, String... details) {
        Event e = new Event();
        e.setId(ID);
        e.setTime(AT);
        e.setType(type);
        e.setUserId(user);
        e.setSessionId(session);
        e.setClientId(client);
        Map<String, String> map = new LinkedHashMap<>();
        for (int i = 0; i < details.length; i += 2) {
            map.put(details[i], details[i + 1]);
        }
        e.setDetails(details.length == 0 ? null : map);
        return e;
    }

    static AdminEvent admin(OperationType operation, String resource, String path, String representation) {
        AdminEvent e = new AdminEvent();
        e.setId(ID);
        e.setTime(AT);
        e.setOperationType(operation);
        e.setResourceTypeAsString(resource);
        e.setResourcePath(path);
        e.setRepresentation(representation);
        return e;
    }

    static Happened extract(Event e) {
        return EXTRACTOR.user(e, "Demo Realm", new Removed());
    }

    static Happened extract(AdminEvent e) {
        return EXTRACTOR.admin(e, "Demo Realm", true, new Removed());
    }

    static Cause cause(String event, String session, long due) {
        return new Cause(event, "LOGOUT", AT, session, false, null, null, null, AT, due, 0, null);
    }

    static Cause birth(String event, long at, long due) {
        return new Cause(event, "LOGIN", at, null, false, null, null, null, at, due, 0, null);
    }
}
