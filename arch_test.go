package tokenstate_test

import (
	"go/build"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/tokenstate/tokenstate/"

// rules says which of our packages each room may import, and why. Everything else of ours is
// forbidden to it; a room that is missing here fails the test.
var rules = map[string]struct {
	may    []string
	reason string
}{
	"internal/events":         {[]string{"internal/strictjson"}, "bytes to what happened; which JSON is strict, one room says for all"},
	"internal/tokenstate":     {[]string{"internal/events", "internal/strictjson"}, "what it means, pure, so that a newcomer reads it in an hour and a property test runs it a million times"},
	"internal/hearing":        {[]string{"internal/events"}, "pure: up to when Keycloak is known, so that both programs and the store reckon alike"},
	"internal/condition":      {[]string{"internal/events", "internal/hearing"}, "pure: whether what is known may be relied on, so that the console's first page and GET /v1/status say the same"},
	"internal/notice":         {[]string{"internal/apikey", "internal/tokenstate"}, "pure: what differs from what was told; who looks, keeps and delivers, its callers know"},
	"internal/outbound":       {nil, "a leaf: calls of addresses that an operator has configured"},
	"internal/notice/webhook": {[]string{"internal/outbound", "internal/secret"}, "one technology: Standard Webhooks"},
	"internal/secret":         {nil, "a leaf that every room may use"},
	"internal/pause":          {nil, "a leaf that every room that waits may use"},
	"internal/ahead":          {nil, "a leaf: reading beside the use of what was read"},
	"internal/apikey":         {[]string{"internal/tokenstate", "internal/secret"}, "pure: the key and its owner's standing decide, nothing else"},
	"internal/keycloak":       {[]string{"internal/secret"}, "one technology, and it knows no facts: the worker maps looks to messages"},
	"internal/vault":          {[]string{"internal/secret", "internal/apikey"}, "one technology: Tink, and the files of keys"},

	"internal/logstream":               {nil, "a leaf: settings that programs and devstack share"},
	"internal/events/stream":           {[]string{"internal/events", "internal/journal", "internal/logstream"}, "one technology: JetStream"},
	"internal/tokenstate/mapmodel":     {[]string{"internal/events", "internal/tokenstate"}, "tests alone: verdicts in the plain way, that the sheets of facts are held to"},
	"internal/tokenstate/postgres":     {[]string{"db/schema", "internal/ahead", "internal/condition", "internal/dbsqlc", "internal/events", "internal/folded", "internal/hearing", "internal/journal", "internal/notice", "internal/tokenstate"}, "one technology: Postgres"},
	"internal/dbsqlc":                  {nil, "generated"},
	"internal/folded":                  {[]string{"internal/events"}, "a leaf: the form in which the journal keeps a message"},
	"internal/apikey/postgres":         {[]string{"internal/apikey", "internal/events", "internal/tokenstate", "internal/tokenstate/postgres", "internal/dbsqlc"}, "the same technology; the feed and the outbox are one for all rows, so it announces through tokenstate/postgres"},
	"internal/projection":              {[]string{"internal/apikey", "internal/events", "internal/hearing", "internal/strictjson", "internal/tokenstate"}, "the read model of both programs; it knows no database"},
	"internal/projection/pgsource":     {[]string{"internal/apikey", "internal/apikey/postgres", "internal/events", "internal/projection", "internal/strictjson", "internal/timeline", "internal/tokenstate", "internal/tokenstate/postgres"}, "joins the projection to Postgres for both programs"},
	"internal/openhands":               {[]string{"internal/apikey", "internal/secret", "internal/tokenstate"}, "another system's database and ciphertexts, read only; where they go is an interface"},
	"internal/openhands/openhandstest": {nil, "a generated OpenHands database for tests, made without the code that reads it"},
	"client":                           {nil, "public: a service that imports it gets net/http and oauth2, and nothing of ours"},
	"internal/authapi/problem":         {[]string{"internal/tokenstate"}, "how a call is refused, in HTTP's terms, with the log's times"},
	"internal/authapi/redact":          {[]string{"internal/apikey"}, "a leaf: it must know what keys look like"},
	"internal/authapi/idp":             {[]string{"internal/secret", "internal/tokenstate"}, "a port: Keycloak as it is asked; who answers is joined in cmd"},
	"internal/authapi/orders":          {[]string{"internal/authapi/redact", "internal/events", "internal/tokenstate"}, "a port: what the log is told"},
	"internal/authapi/audit":           {nil, "a port: what was done, until somebody has written it"},
	"internal/authapi/refusals":        {nil, "a leaf: what was refused, for as long as it is remembered"},
	"internal/authapi/gate":            {[]string{"internal/apikey", "internal/authapi/idp", "internal/authapi/problem", "internal/authapi/refusals", "internal/projection", "internal/tokenstate"}, "the decision: no framework, and nothing of what callers do once they have passed"},
	"internal/authapi/web":             {[]string{"internal/apikey", "internal/authapi/audit", "internal/authapi/gate", "internal/authapi/problem", "internal/authapi/redact", "internal/projection", "internal/strictjson", "internal/tokenstate", "internal/tracing"}, "the edge: what all calls have in common; it knows none of them"},
	"internal/authapi/doors":           {[]string{"internal/apikey", "internal/authapi/gate", "internal/authapi/problem", "internal/authapi/web", "internal/projection", "internal/tokenstate"}, "calls that only decide"},
	"internal/authapi/tokens":          {[]string{"internal/apikey", "internal/authapi/audit", "internal/authapi/gate", "internal/authapi/idp", "internal/authapi/orders", "internal/authapi/problem", "internal/authapi/redact", "internal/authapi/web", "internal/events", "internal/projection", "internal/secret", "internal/tokenstate"}, "calls about offline tokens; they know no key"},
	"internal/authapi/keys":            {[]string{"internal/apikey", "internal/authapi/gate", "internal/authapi/orders", "internal/authapi/problem", "internal/authapi/redact", "internal/authapi/web", "internal/events", "internal/projection", "internal/secret", "internal/tokenstate"}, "calls about keys; they know no offline token"},
	"internal/authapi/admin":           {[]string{"internal/apikey", "internal/authapi/gate", "internal/authapi/idp", "internal/authapi/orders", "internal/authapi/problem", "internal/authapi/refusals", "internal/authapi/web", "internal/condition", "internal/events", "internal/timeline", "internal/tokenstate"}, "calls about users"},
	"internal/authapi/notices":         {[]string{"internal/authapi/gate", "internal/authapi/problem", "internal/authapi/web", "internal/notice"}, "what users should be told, as the worker has written it"},
	"internal/authapi/apidoc":          {nil, "a leaf: words about calls, of which it knows only the paths"},
	"internal/authapi":                 {[]string{"internal/authapi/admin", "internal/authapi/apidoc", "internal/authapi/audit", "internal/authapi/doors", "internal/authapi/gate", "internal/authapi/keys", "internal/authapi/notices", "internal/authapi/orders", "internal/authapi/tokens", "internal/authapi/web", "internal/secret"}, "a program: HTTP is its own technology, all others are joined to it in cmd"},
	"internal/authapi/adapters":        {[]string{"internal/apikey", "internal/apikey/postgres", "internal/authapi/admin", "internal/authapi/audit", "internal/authapi/idp", "internal/authapi/keys", "internal/authapi/notices", "internal/authapi/orders", "internal/authapi/tokens", "internal/condition", "internal/events", "internal/keycloak", "internal/logouttoken", "internal/openhands", "internal/projection/pgsource", "internal/secret", "internal/timeline", "internal/tokenstate", "internal/tokenstate/postgres", "internal/vault"}, "joins: the only place where a key of the vault and a ciphertext meet"},
	"internal/console/page":            {[]string{"internal/apikey", "internal/condition", "internal/events", "internal/hearing", "internal/journal", "internal/timeline", "internal/tokenstate"}, "pure: what the console shows, from what its handlers bring"},
	"internal/console":                 {[]string{"internal/apikey", "internal/authapi/redact", "internal/condition", "internal/console/page", "internal/doctor", "internal/events", "internal/hearing", "internal/journal", "internal/projection", "internal/timeline", "internal/tokenstate"}, "a program that shows: it declares what it needs, knows no adapter, and no room of authapi's that decides"},
	"internal/console/login":           {[]string{"internal/apikey", "internal/console", "internal/logouttoken", "internal/secret"}, "one technology: OpenID Connect, by go-oidc"},
	"internal/console/upstream":        {[]string{"client", "internal/console", "internal/console/page", "internal/secret", "internal/timeline"}, "authapi as anybody asks it, over HTTP: the console has no other way to change anything"},
	"internal/console/scrape":          {[]string{"internal/console/page"}, "one technology: the text form of metrics"},
	"internal/console/consoletest":     {[]string{"internal/apikey", "internal/condition", "internal/console", "internal/console/page", "internal/events", "internal/hearing", "internal/journal", "internal/projection", "internal/timeline", "internal/tokenstate"}, "tests alone: a console whose neighbours are in memory"},
	"internal/console/adapters":        {[]string{"internal/apikey", "internal/apikey/postgres", "internal/console", "internal/console/page", "internal/events", "internal/journal", "internal/projection", "internal/recovery", "internal/tokenstate", "internal/tokenstate/postgres"}, "joins the console to Postgres, and to the comparisons of recovery, which it has read only"},
	"internal/extauthz":                {[]string{"internal/authapi/gate", "internal/authapi/problem", "internal/authapi/redact", "internal/tracing"}, "a second door to the same decision: Envoy's protocol is its technology"},
	"internal/strictjson":              {nil, "a leaf: JSON from outside"},
	"internal/logouttoken":             {[]string{"internal/outbound", "internal/strictjson"}, "one technology: JSON web tokens, by go-oidc"},
	"internal/settings":                {[]string{"internal/secret"}, "how programs are told what to do"},
	"internal/settings/settingstest":   {nil, "what tests ask of a program's flags; it knows the library of commands alone"},
	"internal/ops":                     {[]string{"internal/settings"}, "how programs are operated"},
	"internal/journal":                 {[]string{"internal/events", "internal/tokenstate"}, "values only: what passes between the log, the worker and the state has one form, which each adapter gives and takes itself"},
	"internal/recovery":                {[]string{"internal/ahead", "internal/apikey", "internal/events", "internal/journal", "internal/tokenstate", "internal/worker"}, "a program: it decodes as the worker does, and knows no adapter"},
	"internal/backfill":                {[]string{"internal/events", "internal/tokenstate", "internal/worker"}, "a program: a second way from Keycloak into the log; what an event proves, Learn says"},
	"internal/asking":                  {[]string{"internal/events", "internal/keycloak", "internal/tokenstate", "internal/tracing", "internal/worker"}, "joins Keycloak's looks to the worker's messages, apart from cmd so that a test on a real server can compare the ways"},
	"internal/doctor":                  {[]string{"internal/hearing", "internal/tokenstate"}, "pure: findings from what its caller has seen, by the bounds that facts are learnt by"},
	"internal/tracing":                 {[]string{"internal/journal"}, "tells a collector; whoever calls it needs to know nothing of OpenTelemetry"},
	"internal/canary":                  {[]string{"client", "internal/keycloak", "internal/pause", "internal/secret"}, "a backend like any other: it asks authapi and Keycloak over HTTP and knows nothing of how they decide"},
	"internal/timeline":                {[]string{"internal/apikey", "internal/events", "internal/tokenstate"}, "pure: a story of messages, keys and facts that its callers bring"},
	"internal/worker":                  {[]string{"internal/apikey", "internal/events", "internal/journal", "internal/notice", "internal/projection", "internal/tokenstate"}, "a program: it declares the small interfaces it needs and knows no adapter"},
	"db/schema":                        {nil, "the migrations"},
	"internal/play":                    {[]string{"internal/devstack"}, "acts from outside, over HTTP, as users do: it must not know how things are done"},
	"internal/demo":                    {[]string{"internal/devstack", "internal/play"}, "one script"},
	"internal/docrun":                  {[]string{"internal/devstack", "internal/pause"}, "plays documents from outside, over HTTP and a shell"},
	"internal/devstack":                {[]string{"deploy", "internal/logstream"}, "it starts real servers; it knows nothing of what they mean"},
	"internal/e2e":                     {nil, "a test of everything: what it imports, it imports in test files"},
	"internal/sameinstant":             {nil, "a test of everything: what it imports, it imports in test files"},
	"internal/mutation":                {nil, "a test of tests"},
	"internal/edge":                    {nil, "a test from outside: what it imports, it imports in test files"},
	"internal/chaos":                   {nil, "a test of everything: what it imports, it imports in test files"},
	"internal/harm":                    {nil, "a test of everything: what it imports, it imports in test files"},
	"internal/bench":                   {nil, "measures the core, the projection and the programs: what it imports, it imports in test files"},
	"internal/sim":                     {nil, "a test of the core: what it imports, it imports in test files"},
	"internal/truth":                   {nil, "a test of everything: what it imports, it imports in test files"},
	"deploy":                           {nil, "files that programs and tests embed"},
	"internal/testenv":                 {[]string{"deploy", "internal/devstack"}, "what tests need of the machine"},
	"internal/workerconfig":            {[]string{"internal/events/stream", "internal/keycloak", "internal/ops", "internal/secret", "internal/settings", "internal/tokenstate", "internal/tokenstate/postgres", "internal/tracing"}, "how the worker and its operator are told what to do, and the connections made of it"},
	"internal/inspection":              {[]string{"internal/doctor", "internal/events/stream", "internal/keycloak", "internal/recovery", "internal/tokenstate", "internal/tokenstate/postgres", "internal/workerconfig"}, "joins doctor to what it judges, for the operator's command and the worker's self-test"},
	"internal/recovery/adapters":       {[]string{"internal/events/stream", "internal/journal", "internal/projection/pgsource", "internal/recovery", "internal/tokenstate", "internal/tokenstate/postgres"}, "joins recovery to the log, to Postgres and to files"},
	"internal/workerd":                 {[]string{"db/schema", "internal/asking", "internal/backfill", "internal/doctor", "internal/events", "internal/events/stream", "internal/hearing", "internal/inspection", "internal/journal", "internal/keycloak", "internal/notice", "internal/notice/webhook", "internal/ops", "internal/projection", "internal/projection/pgsource", "internal/secret", "internal/settings", "internal/tokenstate/postgres", "internal/tracing", "internal/worker", "internal/workerconfig"}, "joins: the running worker"},
	"internal/workerd/workertest":      {[]string{"internal/events", "internal/events/stream", "internal/testenv", "internal/tokenstate", "internal/tokenstate/postgres", "internal/worker"}, "tests alone: a real Postgres and NATS, and a worker that reads"},
	"cmd/revocation-worker":            {[]string{"client", "db/schema", "internal/asking", "internal/canary", "internal/doctor", "internal/events", "internal/inspection", "internal/journal", "internal/keycloak", "internal/ops", "internal/projection/pgsource", "internal/recovery", "internal/recovery/adapters", "internal/secret", "internal/settings", "internal/timeline", "internal/tokenstate", "internal/tokenstate/postgres", "internal/worker", "internal/workerconfig", "internal/workerd"}, "flags and wiring; authapi's rooms and its secrets are not the worker's: explain asks it as any backend does"},
	"cmd/authapi":                      {[]string{"client", "db/schema", "internal/apikey", "internal/apikey/postgres", "internal/authapi", "internal/authapi/adapters", "internal/authapi/audit", "internal/authapi/gate", "internal/authapi/idp", "internal/authapi/problem", "internal/authapi/tokens", "internal/console", "internal/console/adapters", "internal/console/login", "internal/console/page", "internal/console/scrape", "internal/console/upstream", "internal/events", "internal/extauthz", "internal/keycloak", "internal/logouttoken", "internal/openhands", "internal/ops", "internal/projection", "internal/projection/pgsource", "internal/secret", "internal/settings", "internal/tokenstate", "internal/tokenstate/postgres", "internal/tracing", "internal/vault"}, "flags and wiring; never NATS"},
	"cmd/devstack":                     {[]string{"internal/devstack", "internal/demo", "internal/docrun"}, "joins"},
}

// pure rooms do no IO and read no clock.
var pure = map[string]bool{"internal/events": true, "internal/notice": true, "internal/tokenstate": true, "internal/apikey": true, "internal/timeline": true, "internal/doctor": true, "internal/condition": true, "internal/console/page": true}

// impure maps a forbidden import of a pure room to the reason.
var impure = map[string]string{
	"net": "no IO", "net/http": "no IO", "os": "no IO", "io/fs": "no IO", "database/sql": "no IO", "crypto/rand": "randomness is an argument", "math/rand": "randomness is an argument",
	"log": "no output", "log/slog": "no output", "github.com/google/uuid": "it brings net in", "github.com/jackc/pgx/v5": "no technology", "github.com/nats-io/nats.go": "no technology",
}

// Ensure imports point inwards, as ARCHITECTURE.md says, and that every package says what it is.
func TestImportsPointInwards(t *testing.T) {
	all := packages(t)
	for dir := range rules {
		if !all[filepath.FromSlash(dir)] {
			t.Errorf("there is a rule for %s, which does not exist", dir)
		}
	}
	for dir := range all {
		p, err := build.ImportDir(dir, build.ImportComment)
		if err != nil {
			t.Fatal(err)
		}
		rule, known := rules[filepath.ToSlash(dir)]
		if !known {
			t.Errorf("%s has no rule here: say what it may import, and why", dir)
			continue
		}
		if generated := strings.HasSuffix(dir, "/dbsqlc"); p.Doc == "" && len(p.GoFiles) > 0 && !generated {
			t.Errorf("%s has no package comment", dir)
		}
		for _, imp := range p.Imports {
			if reason := impure[imp]; pure[dir] && reason != "" {
				t.Errorf("%s imports %s: %s", dir, imp, reason)
			}
			if imp == module+"internal/pause" && !pure[dir] {
				continue
			}
			if own, ok := strings.CutPrefix(imp, module); ok && !slices.Contains(rule.may, own) {
				t.Errorf("%s imports %s, but it is %s", dir, own, rule.reason)
			}
		}
	}
}

// Ensure no pure room reads the clock: now is an argument.
func TestPureRoomsReadNoClock(t *testing.T) {
	for dir := range packages(t) {
		if !pure[dir] {
			continue
		}
		p, err := build.ImportDir(dir, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range p.GoFiles {
			src, err := os.ReadFile(filepath.Join(dir, name))
			if err != nil {
				t.Fatal(err)
			}
			for _, call := range []string{"time.Now", "time.Since", "time.Until", "time.Sleep", "time.After", "time.NewTimer"} {
				if strings.Contains(string(src), call) {
					t.Errorf("%s/%s calls %s", dir, name, call)
				}
			}
		}
	}
}

func packages(t *testing.T) map[string]bool {
	t.Helper()
	dirs := map[string]bool{}
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (strings.HasPrefix(d.Name(), ".") && path != "." || d.Name() == "testdata" || d.Name() == "tools" || d.Name() == "keycloak-listener" || d.Name() == "bin") {
			return filepath.SkipDir
		}
		if strings.HasSuffix(path, ".go") && !strings.HasSuffix(path, "_test.go") {
			dirs[filepath.Dir(path)] = true
		}
		return nil
	})
	if err != nil || len(dirs) < 5 {
		t.Fatalf("found %d packages: %v", len(dirs), err)
	}
	return dirs
}
