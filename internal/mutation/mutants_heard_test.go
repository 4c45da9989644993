//go:build mutations

package mutation

func init() { listenerMutants = append(listenerMutants, heard...) }

// heard are the rules of which events are taken in, when, and as what.
var heard = []listenerMutant{
	{"an after-commit task's event is taken in", "Pending", `if (done || !session.getTransactionManager().isActive()) {`, `if (!session.getTransactionManager().isActive()) {`, "PendingTest"},
	{"an event without a transaction has happened", "Pending", "if (session == null || !all.enlist(session, h)) {\n            engine.accept(h);", "if (session == null || !all.enlist(session, h)) {", "PendingTest"},
	{"a late enlistment loses nothing", "Pending", `} catch (IllegalStateException e) {`, `} catch (ArithmeticException e) {`, "PendingTest"},
	{"sessions are written before us", "Pending", `            session.sessions();`, ``, "PendingTest"},
	{"we come after the tasks of the action", "Pending", `boolean again = last != null && last.early && h.kind() != Happened.Kind.PROVIDER;`, `boolean again = false;`, "PendingTest"},
	{"the events of a transaction are bounded", "Pending", `} else if (events.size() < MAX) {`, `} else if (events.size() < Integer.MAX_VALUE) {`, "PendingTest"},
	{"Keycloak's own events are bounded", "Pending", `if (before == null && provider.size() >= MAX) {`, `if (false) {`, "PendingTest"},
	{"what is beyond the bound makes a doubt", "Pending", `tooMany.values().forEach(this::handOver);`, ``, "PendingTest"},
	{"what cannot be taken in is counted", "Pending", "            engine.lost(1);\n", "", "PendingTest"},
	{"a removal is told once", "Pending", `.filter(h -> !told.covers(h))`, ``, "PendingTest"},
	{"a removal is not outdone by a change of roles", "Pending", `} else if (before == null || !ProviderEvents.isRemoval(before)`, `} else if (before == null || true`, "PendingTest"},
	{"a removed provider link is no deletion", "AlreadyTold", `if (LIFE.contains(h.type().split(" ")[0]) && isOfSubject(h)) {`, `if (LIFE.contains(h.type().split(" ")[0])) {`, "PendingTest"},
	{"an import's role concerns everybody", "AlreadyTold", `if (!h.type().endsWith(" REALM") || h.user() != null) {`, `if (true) {`, "PendingTest"},
	{"other realms are not published", "ProviderEvents", `return alias == null || fit == null ? null`, `return fit == null ? null`, "ProviderEventsTest"},
	{"a removed user's store is told", "ProviderEvents", `store == null ? Map.of() : Map.of("store", store)`, `Map.of()`, "ProviderEventsTest"},
	{"a workflow's step has committed", "ProviderEvents", `new Told(told.session(), told.happened(), true)`, `new Told(told.session(), told.happened(), false)`, "ProviderEventsTest"},
	{"a registration's roles are not told", "ProviderEvents", `return isNew ? null : user(`, `return user(`, "ProviderEventsTest"},
	{"a composite may hold offline access", "ProviderEvents", `|| role.isComposite()`, ``, "ProviderEventsTest"},
	{"the realm filter", "Realms", `return aliases.get(name);`, `return "demo";`, "RealmsTest,HearingTest,ProviderEventsTest"},
	{"administrators are not published", "Realms", `ADMINISTRATORS.equals(name) || alias`, `alias`, "RealmsTest,HearingTest,ProviderEventsTest"},
	{"an online login is not published", "Types", `return BIRTHS.contains(type) && isOffline(details);`, `return BIRTHS.contains(type);`, "ExtractorTest"},
	{"a deleted realm needs a second witness", "Extractor", `if (gone && !removed.hasRealm(about)) {`, `if (false) {`, "ExtractorTest"},
	{"a failed admin action is nothing", "Extractor", `if (e.getError() != null || !Types`, `if (!Types`, "ExtractorTest"},
	{"only the death class names a session", "Extractor", `case Types.LOGOUT, Types.USER_SESSION_DELETED -> Happened.Naming.SESSION;`, `case Types.LOGOUT, Types.REFRESH_TOKEN_ERROR -> Happened.Naming.SESSION;`, "ExtractorTest"},
	{"a client of no UUID names no session", "Happened", `case CLIENT_OF_SESSION -> client == null ? null : session;`, `case CLIENT_OF_SESSION -> session;`, "ExtractorTest"},
	{"details are an allow-list", "Extractor", `for (String name : DETAILS) {`, `for (String name : details.keySet()) {`, "ExtractorTest"},
	{"a representation is reduced", "Representation", `default -> { }`, `default -> out.put(name, in.getText());`, "ExtractorTest"},
	{"half a representation is none", "Representation", `return in.nextToken() == null ? out : Map.of();`, `return out;`, "ExtractorTest"},
	{"a federated user's id may hold a slash", "ResourcePath", `if (parts.size() < 3 || !parts.get(1).startsWith("f:")) {`, `if (true) {`, "ResourcePathTest"},
	{"an id is never cut", "Text", `s.length() > MAX || s.codePoints()`, `s.codePoints()`, "TextTest,ResourcePathTest"},
	{"births are looked at later", "Engine", `return h.birth() ? options.birthDelay : 0;`, `return 0;`, "EngineLooksTest,EngineTest"},
	{"a dropped event is looked at all the same", "Engine", "h.type());\n        if (announceLook(h)) {", "h.type());\n        if (false) {", "EngineLooksTest,EngineTest"},
	{"a look that failed is taken again", "Engine", `look.causes().forEach(c -> lookAgain(look, c));`, ``, "EngineLooksTest,EngineTest"},
	{"what was not acknowledged is sent again", "Publisher", `if (reply.outcome() == Reply.Outcome.UNKNOWN) {`, `if (false) {`, "PublisherTest"},
	{"what is too large is counted", "Publisher", "ledger.drop();", "", "PublisherTest"},
	{"a subject's looks are bounded", "Bounds", `use(subject, Math.max(1_000, bytes * 1_000 / 4_096), now);`, ``, "BoundsTest"},
	{"a realm's looks are bounded", "Bounds", `use(subject.alias(), Math.max(10, bytes * 1_000 / 262_144), now);`, ``, "BoundsTest"},
}
