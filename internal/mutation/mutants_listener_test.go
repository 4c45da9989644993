//go:build mutations

package mutation

// listenerMutants are rules of what the listener hears, holds, sends and whom it trusts.
var listenerMutants = []listenerMutant{
	{`what is rolled back is not told`, "Pending", "        protected void rollbackImpl() {\n            forget();", "        protected void rollbackImpl() {\n            handOver();", "PendingTest,TokenstateListenerProviderTest"},
	{`nats-ca are the only authorities`, "NatsTls", `trusted(o), null)`, `null, null)`, "NatsTlsTest"},
	{`a server must bear the name that was dialled`, "NamedTls", `p.setEndpointIdentificationAlgorithm("HTTPS");`, ``, "NatsTlsTest"},
	{`the client certificate is shown`, "NatsTls", `context.init(shown(o),`, `context.init(null,`, "NatsTlsTest"},
	{`the name counts with default authorities, too`, "NatsTls", `return NamedTls.of(context);`, `return o.natsCa == null ? context : NamedTls.of(context);`, "NatsTlsTest"},
	{`a publish names the stream`, "NatsLink", `.add("Nats-Expected-Stream", STREAM)`, ``, "NatsLinkTest"},
	{`another stream's word does not count`, "Reply", `NatsLink.STREAM.equals(json.path("stream").asText())`, `!json.path("stream").asText().isEmpty()`, "NatsLinkTest,PublisherTest"},
	{`a retry is the same message to JetStream`, "NatsLink", `new Headers().add("Nats-Msg-Id", m.id())`, `new Headers()`, "NatsLinkTest"},
	{`a heartbeat says what is not delivered`, "Heartbeat", `ledger.snapshot()`, `new Ledger.Snapshot(0, null, 0)`, "HeartbeatTest,EngineTest"},
	{`a look goes after the events before it`, "Lane", `boolean answered = look != null && (events.isEmpty() || events.firstKey() > look.after());`, `boolean answered = look != null;`, "PublisherTest"},
	{`a realm that NATS forbids holds back only itself`, "Outbox", `lanes.get(item.message().realm()).failed(item, clock.getAsLong());`, `lanes.values().forEach(l -> l.failed(item, clock.getAsLong()));`, "PublisherTest"},
	{`the window is bounded`, "Outbox", `flying < WINDOW ?`, `flying < 100000 ?`, "PublisherTest"},
	{`what failed is tried one at a time`, "Lane", `failing && !sent.isEmpty()`, `false`, "PublisherTest"},
	{`a folded birth stays open until its look is delivered`, "Waiting", `e.folded.add(later ? e.cause.at() : c.at());`, ``, "LookQueueTest"},
	{`the latest birth stands for the rest`, "Waiting", `e.cause = later ? c : e.cause;`, ``, "LookQueueTest"},
	{`a subject beyond its bound waits`, "LookQueue", `} else if (free > now) {`, `} else if (false) {`, "LookQueueTest"},
	{`only the last part of a look makes its events delivered`, "Engine", `outbox.add(part.covering(List.of()))`, `outbox.add(part.covering(look.covers()))`, "EngineTest"},
	{`a realm without room is not looked at`, "LookQueue", `if (!room.test(realm.getKey())) {`, `if (false) {`, "LookQueueTest"},
	{`what finds no room is counted`, "Engine", "        ledger.drop();\n        complaints.warn(\"the queue is full", `        complaints.warn("the queue is full`, "EngineTest"},
	{`who leaves says so`, "Engine", `heartbeat.leave();`, ``, "EngineTest"},
	{`no heartbeat where a realm is not heard`, "Engine", `beats = ready && unheard.isEmpty();`, `beats = ready;`, "EngineTest"},
	{`an event that cannot be read is counted`, "TokenstateListenerProvider", "        engine.lost(1);\n", ``, "TokenstateListenerProviderTest"},
	{`opentls is refused`, "Options", `natsUrl.contains("opentls://")`, `false`, "OptionsTest"},
	{`an empty password is refused`, "Options", `given != null && new String(given).isBlank()`, `false`, "OptionsTest"},
	{`a realm that gets room tells the looks`, "Outbox", `if (room) {`, `if (false) {`, "PublisherTest"},
	{`a busy realm is looked at at its pace`, "LookQueue", `tickets.opens() > now ?`, `false ?`, "LookQueueTest"},
	{`after a full taking the next comes at once`, "LookQueue", `now + pace : now`, `now + pace : now + pace`, "LookQueueTest"},
	{`one look that fails takes no others with it`, "Looker", `seen.containsKey(look)`, `looks.size() > 1`, "LookerTest"},
	{`a look is no younger than its transaction`, "Looker", `messages(look, at, all)`, `messages(look, System.currentTimeMillis(), all)`, "LookerTest"},
	{`users of too many sessions are listed one by one`, "rows/SessionRows", `if (found.size() <= MAX) {
            Map`, `if (true) {
            Map`, "LookerTest"},
	{`a death goes first`, "Tickets", `(first ? urgent : others)`, `others`, "LookQueueTest"},
	{`a look is later than the millisecond of its cause`, "Looker", `now <= last && i < MILLIS_TO_WAIT`, `i < 0`, "LookerTest"},
	{`an event says by when it was committed`, "Engine", `return System.currentTimeMillis() + `, `return h.at() + `, "EngineTest"},
	{`a birth is committed after its delay`, "Engine", `System.currentTimeMillis() + delay(h)`, `System.currentTimeMillis()`, "EngineTest"},
	{`of folded births the last committed stands for the rest`, "Waiting", `c.committedBy() > e.cause.committedBy()`, `c.committedBy() < e.cause.committedBy()`, "LookQueueTest"},
}
