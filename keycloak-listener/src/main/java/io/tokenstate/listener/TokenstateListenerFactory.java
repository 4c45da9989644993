package io.tokenstate.listener;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import org.keycloak.Config;
import org.keycloak.common.Version;
import org.keycloak.common.util.Time;
import org.keycloak.events.EventListenerProvider;
import org.keycloak.events.EventListenerProviderFactory;
import org.keycloak.models.KeycloakSession;
import org.keycloak.models.KeycloakSessionFactory;
import org.keycloak.models.utils.PostMigrationEvent;
import org.keycloak.provider.ProviderEvent;
import org.keycloak.services.resource.RealmResourceProvider;

/**
 * Where Keycloak meets the listener: provider id {@code tokenstate}. Whatever is wrong with its options or its
 * surroundings, Keycloak starts; the listener then says one clear sentence and stays off. The looks, and with them the
 * read-only resource, need no NATS: they are off only where it is not known of which realms they may tell.
 */
public final class TokenstateListenerFactory implements EventListenerProviderFactory {
    /** Also the name by which a realm's {@code eventsListeners} would enable it, were it not global. */
    public static final String ID = "tokenstate";

    private static final long STORE_PATIENCE = 5_000;

    private final Complaints complaints = new Complaints();
    private Options options;
    private volatile boolean hears;
    private Extractor extractor;
    private ProviderEvents providerEvents;
    private volatile Looker looker;
    private volatile Engine engine;
    private Runnable unbind = () -> { };

    /** For Keycloak, by {@code META-INF/services}. */
    public TokenstateListenerFactory() {
        // Nothing before init.
    }

    @Override
    public String getId() {
        return ID;
    }

    /** True unless configured otherwise: a realm that nobody set up would be a realm whose deaths nobody hears. */
    @Override
    public boolean isGlobal() {
        return options == null || options.global;
    }

    @Override
    public void init(Config.Scope config) {
        try {
            Options read = new Options(config::get);
            Set<String> given = config.getPropertyNames();
            Set<String> unknown = Options.unknown(given == null ? Set.of() : given);
            List<String> faults = new ArrayList<>(read.faults());
            if (!unknown.isEmpty()) {
                faults.add("unknown options " + unknown);
            }
            options = read.realmsReadable && unknown.isEmpty() ? read : null;
            hears = faults.isEmpty();
            if (!hears) {
                off("its options are wrong: " + String.join("; ", faults));
            }
        } catch (Throwable t) {
            off("its options cannot be read (" + t.getClass().getSimpleName() + ")");
        }
    }

    @Override
    public void postInit(KeycloakSessionFactory factory) {
        if (options == null) {
            return;
        }
        try {
            Envelope envelope = new Envelope(options.node, Version.VERSION, () -> UUID.randomUUID().toString());
            looker = new Looker(factory, new Stores(factory, STORE_PATIENCE), envelope, complaints);
            factory.register(this::told);
            NodeName.doubt(options.node).forEach(why -> complaints.warn(why, "node " + options.node));
            if (hears) {
                listen(factory, envelope);
            }
            complaints.info(hears ? "listener on" : "only the read-only resource is on", "node " + options.node + ", realms: " + options.realms);
        } catch (Throwable t) {
            close();
            off("it cannot start (" + t.getClass().getSimpleName() + ")");
        }
    }

    private void listen(KeycloakSessionFactory factory, Envelope envelope) {
        extractor = new Extractor(options.realms);
        providerEvents = new ProviderEvents(options.realms, Time::currentTimeMillis);
        Engine started = new Engine(options, envelope, looker, new Hearing(factory, options)::deaf,
                new NatsLink(new NatsOptions(options), complaints), resource(factory), complaints);
        started.start();
        engine = started;
        measure(started);
    }

    private void measure(Engine started) {
        try {
            unbind = Meters.bind(started);
        } catch (LinkageError e) {
            complaints.info("this Keycloak has no Micrometer, so the listener has no metrics", e.getClass().getSimpleName());
        }
    }

    /** What heartbeats say of the read-only resource: they must not promise one that Keycloak did not load. */
    private static int resource(KeycloakSessionFactory factory) {
        return factory.getProviderFactory(RealmResourceProvider.class, ID) == null ? 0 : Resource.API;
    }

    /** For the resource, which looks as the listener does; null where it may not, or cannot. */
    Looker looker() {
        return looker;
    }

    Options options() {
        return options;
    }

    @Override
    public EventListenerProvider create(KeycloakSession session) {
        Engine running = engine;
        return running == null ? new NoListener()
                : new TokenstateListenerProvider(session, extractor, running, complaints);
    }

    @Override
    public void close() {
        Engine running = engine;
        engine = null;
        looker = null;
        unbind.run();
        if (running != null) {
            running.close();
        }
    }

    /** In the middle of Keycloak's own start, or of its removal of something, which must not fail for us. */
    private void told(ProviderEvent event) {
        try {
            if (event instanceof PostMigrationEvent) {
                ready();
            } else if (hears) {
                Removed.note(event);
                keep(providerEvents.read(event));
            }
        } catch (Throwable t) {
            Engine running = engine;
            if (running != null) {
                running.lost(1);
            }
            complaints.warn("an event of Keycloak's own could not be noted", t);
        }
    }

    private void keep(ProviderEvents.Told told) {
        Engine running = engine;
        if (told != null && running != null) {
            Pending.keep(told.committed() ? null : told.session(), told.happened(), running, complaints);
        }
    }

    /** Better off, and said so, than one that hears and cannot look. */
    private void ready() {
        if (looker == null) {
            return;
        }
        try {
            looker.rehearse();
        } catch (RuntimeException e) {
            complaints.warn("the look on trial failed", e); // The database's trouble, say: looks are repeated.
        } catch (LinkageError e) {
            close();
            off("this Keycloak lacks what a look needs: " + Text.cut(e.toString(), Text.MAX));
        }
        Engine running = engine;
        if (running != null) {
            running.ready();
        }
    }

    private void off(String why) {
        hears = false;
        complaints.error("the listener is OFF, offline tokens that die in this Keycloak node are not announced; options: "
                + "--spi-events-listener--tokenstate--<name>", why);
    }
}
