package io.tokenstate.listener;

import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.FunctionTimer;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Metrics;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.ToDoubleFunction;

/**
 * The listener's figures among Keycloak's own metrics, where {@code metrics-enabled} is true; else nobody reads them.
 * The only class that knows Micrometer: a Keycloak without it fails to load this one and nothing else.
 */
final class Meters {
    private static final String PREFIX = "tokenstate.listener.";

    private Meters() {
    }

    /** Registers with the registry that Keycloak publishes; the answer takes back what was registered. */
    static Runnable bind(Figures f) {
        return bind(Metrics.globalRegistry, f);
    }

    static Runnable bind(MeterRegistry registry, Figures f) {
        List<Meter> meters = List.of(
                gauge(registry, "queued", null, f, x -> x.open().queued(),
                        "Events and looks that were taken in and not delivered to the log"),
                gauge(registry, "oldest", "seconds", f, Meters::age,
                        "Age of the oldest event that was not delivered to the log, or whose look was not"),
                gauge(registry, "held.back", null, f, Figures::heldBack,
                        "Looks that are due and wait for their turn, for a bound, or for room towards NATS"),
                counter(registry, "dropped", f, x -> x.open().dropped(),
                        "Events and looks that will never be delivered; the backfill brings the events"),
                counter(registry, "looks", f, Figures::looks, "Looks at users, sessions, clients and realms"),
                counter(registry, "published", f, Figures::published, "Messages that the log acknowledged"),
                counter(registry, "publish.failures", f, Figures::publishFailures,
                        "Attempts to publish that the log did not acknowledge"),
                FunctionTimer.builder(PREFIX + "look", f, Figures::looks, Figures::lookNanos, TimeUnit.NANOSECONDS)
                        .description("Time that looks took").register(registry));
        return () -> meters.forEach(registry::remove);
    }

    private static double age(Figures f) {
        Long oldest = f.open().oldest();
        return oldest == null ? 0 : Math.max(0, System.currentTimeMillis() - oldest) / 1_000.0;
    }

    private static Meter gauge(MeterRegistry r, String name, String unit, Figures f, ToDoubleFunction<Figures> value,
                               String what) {
        return Gauge.builder(PREFIX + name, f, value).baseUnit(unit).description(what).register(r);
    }

    private static Meter counter(MeterRegistry r, String name, Figures f, ToDoubleFunction<Figures> value,
                                 String what) {
        return FunctionCounter.builder(PREFIX + name, f, value).description(what).register(r);
    }
}
