package postgres

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"pgregory.net/rapid"

	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

// seen counts reasons, so that the test fails if its generator never makes one.
type seen map[string]int

// drawHistory draws facts that reach a token of the realm, at times and seconds that often
// meet, so that every boundary of Judge is tried.
func drawHistory(t *rapid.T, realm string) tokenstate.Facts {
	f := tokenstate.NewFacts()
	str := func(vs ...string) string { return rapid.SampledFrom(vs).Draw(t, "s") }
	second := func() tokenstate.Seconds { return tokenstate.Seconds(rapid.IntRange(0, 4).Draw(t, "second")) }
	rarely := func() bool { return rapid.IntRange(0, 3).Draw(t, "rarely") == 0 }
	theme := rapid.IntRange(-2, 4).Draw(t, "theme") // most histories are of one kind, so that its rows meet
	for range rapid.IntRange(0, 6).Draw(t, "rows") {
		at, node, cause := tokenstate.Millis(rapid.IntRange(1, 8).Draw(t, "at"))*500, str("", "n1", "n2", "!"), realm+str("e1", "e2", "E")
		scope := tokenstate.Scope{Realm: realm, User: str("", "u", "u", "o"), Client: str("", "c1", "c2"), Session: str("", "s")}
		subject := tokenstate.Scope{Realm: realm}
		switch rapid.IntRange(0, 2).Draw(t, "subject") {
		case 0:
			subject.User = str("u", "u", "o")
		case 1:
			subject.Client = str("c1", "c1", "c0")
		}
		seat := tokenstate.Scope{Realm: realm, Client: str("", "c1"), Session: "s"}
		if rarely() { // of a user or a realm that vanished, or who comes from a store
			seat = tokenstate.Scope{Realm: realm, User: str("u", ""), Key: str("vanished", "store")}
		}
		owner := str("", "", "u", "o")
		if rarely() { // of a client_id, with the client that bears or bore it
			seat, owner = tokenstate.Scope{Realm: realm, Client: "app", Key: "client_id"}, str("c1", "c2")
		}
		standing := tokenstate.Standing{At: at, ClientID: str("", "app", "app", "new"), Cause: cause, Gone: rarely(), Disabled: rarely(), NoOffline: rarely()}
		if rarely() {
			standing.NotBefore = second()
		}
		row := []tokenstate.Row{
			tokenstate.StandingRow{Subject: tokenstate.Subject{Scope: subject, Authority: tokenstate.Authority(str("keycloak", "backend"))}, Node: node, Value: standing},
			tokenstate.LookRow{Scope: scope, Node: node, Value: tokenstate.Look{At: at, Cause: cause}},
			tokenstate.SightingRow{
				ID: tokenstate.SightingKey{Seat: seat, Gone: rapid.Bool().Draw(t, "gone")}, Node: node,
				Value: tokenstate.Sighting{At: at, Start: second(), Second: second(), Cause: cause, Owner: owner},
			},
			tokenstate.RefusalRow{
				ID:    tokenstate.RefusalKey{Scope: tokenstate.Scope{Realm: realm, User: "u", Client: str("", "c1", "app"), Session: "s", Key: str("", "app", "new")}, IssuedAt: tokenstate.Seconds(rapid.IntRange(2, 3).Draw(t, "iat"))},
				Value: tokenstate.Refusal{At: at, Refused: rapid.Bool().Draw(t, "refused"), Cause: cause},
			},
			tokenstate.CutoffRow{
				Scope: scope, Cause: cause,
				Value: tokenstate.Cutoff{Before: second(), At: at, Tokens: !rarely(), Keys: rarely(), Reason: str(tokenstate.ReasonOrder, tokenstate.ReasonGrantRevoked, tokenstate.ReasonRealmDeleted)},
			},
			tokenstate.PardonRow{Cause: realm + "E", Value: tokenstate.Pardoned{At: at, By: "b"}},
		}
		kind := rapid.IntRange(0, len(row)-1).Draw(t, "kind")
		if theme >= 0 && kind != 5 { // a pardon meets everything
			kind = theme
		}
		row[kind].AddTo(f)
	}
	return f
}

// atOnce histories, each of a realm of its own, are asked of the view together: most of what one question costs
// Postgres is planning it.
const atOnce = 25

// Ensure the view says of every token what Judge says: state, reason, since and event.
func TestViewEqualsJudge(t *testing.T) {
	pool, ctx, found := newPool(t), context.Background(), seen{}
	s := New(pool)
	for round := 0; round < 20 && (round == 0 || len(found.missing()) > 0); round++ {
		rapid.Check(t, func(t *rapid.T) {
			_, err := pool.Exec(ctx, `TRUNCATE tokenstate.fact_standing, tokenstate.fact_look, tokenstate.fact_sighting, tokenstate.fact_refusal,
			tokenstate.fact_cutoff, tokenstate.fact_pardon, tokenstate.fact_doubt, tokenstate.offline_token CASCADE`)
			must(t, err)
			rules := tokenstate.Rules{
				Margin: tokenstate.Millis(rapid.SampledFrom([]int{0, 1000}).Draw(t, "margin")),
				Skew:   tokenstate.Millis(rapid.SampledFrom([]int{0, 500}).Draw(t, "skew")), Sweep: 1, ClosedSweep: 1,
				CacheLag: tokenstate.Millis(rapid.SampledFrom([]int{0, 1000}).Draw(t, "cache lag")),
			}
			must(t, s.SetRules(ctx, rules))
			all, want := tokenstate.NewFacts(), map[string]string{}
			for n := range rapid.IntRange(1, atOnce).Draw(t, "realms") {
				realm := fmt.Sprint("r", n)
				f := drawHistory(t, realm)
				all.Add(f)
				tok := tokenstate.Token{
					Realm: realm, User: "u", Client: rapid.SampledFrom([]string{"", "c1", "c1"}).Draw(t, "client"), ClientID: "app", Session: "s",
					IssuedAt: tokenstate.Seconds(rapid.IntRange(1, 4).Draw(t, "iat")),
					Expires:  rapid.SampledFrom([]tokenstate.Seconds{0, 0, 0, 3, 4e9}).Draw(t, "exp"),
				}
				_, err = s.PutToken(ctx, StoredToken{Token: tok}, nil)
				must(t, err)
				v := tokenstate.JudgeAt(tok, f, rules, 2e12) // between the two
				want[realm] = line(v)
				found[v.Reason]++
			}
			must(t, force(ctx, s, all))
			if d := cmp.Diff(want, viewOf(ctx, t, pool)); d != "" {
				t.Fatalf("what Judge says and what the view says differ: %s", d)
			}
		})
	}
	if lacking := found.missing(); len(lacking) > 0 {
		t.Errorf("never the verdict, so never compared: %q", lacking)
	}
}

func (s seen) missing() (reasons []string) {
	for _, reason := range []string{
		"", tokenstate.ReasonSessionEnded, tokenstate.ReasonSessionAbsent, tokenstate.ReasonSessionRestart, tokenstate.ReasonUserNotBefore,
		tokenstate.ReasonRealmNotBefore, tokenstate.ReasonClientNotBefore, tokenstate.ReasonUserDisabled, tokenstate.ReasonRealmDisabled,
		tokenstate.ReasonClientDisabled, tokenstate.ReasonUserDeleted, tokenstate.ReasonRealmDeleted, tokenstate.ReasonClientDeleted,
		tokenstate.ReasonClientRenamed, tokenstate.ReasonOfflineAccess, tokenstate.ReasonRefused, tokenstate.ReasonGrantRevoked, tokenstate.ReasonOrder,
		tokenstate.ReasonExpired, tokenstate.ReasonClientOffline,
	} {
		if s[reason] == 0 {
			reasons = append(reasons, reason)
		}
	}
	return reasons
}

// Ensure what random histories rarely meet: an open look that overrules a withdrawn role, looks
// over the admin API of which neither overrules the other, and a look that lists a session
// itself.
func TestViewEqualsJudgeAtTheEdges(t *testing.T) {
	pool, ctx := newPool(t), context.Background()
	s := New(pool)
	rules := tokenstate.Rules{Sweep: 1, ClosedSweep: 1, Skew: 100, CacheLag: 50}
	must(t, s.SetRules(ctx, rules))
	tok := tokenstate.Token{Realm: "demo", User: "u", Client: "c1", ClientID: "app", Session: "s", IssuedAt: 2}
	_, err := s.PutToken(ctx, StoredToken{Token: tok}, nil)
	must(t, err)
	user := func(node string, at tokenstate.Millis, without bool) tokenstate.Row {
		return tokenstate.StandingRow{
			Subject: tokenstate.Subject{Scope: tokenstate.Scope{Realm: "demo", User: "u"}, Authority: tokenstate.Keycloak}, Node: node,
			Value: tokenstate.Standing{At: at, NoOffline: without, Cause: "e"},
		}
	}
	sighting := func(gone bool, node string, at tokenstate.Millis) tokenstate.Row {
		return tokenstate.SightingRow{
			ID: tokenstate.SightingKey{Seat: tokenstate.Scope{Realm: "demo", Client: "c1", Session: "s"}, Gone: gone}, Node: node,
			Value: tokenstate.Sighting{At: at, Second: 5, Cause: "e"},
		}
	}
	look := func(node string, at tokenstate.Millis) tokenstate.Row {
		return tokenstate.LookRow{Scope: tokenstate.Scope{Realm: "demo", User: "u"}, Node: node, Value: tokenstate.Look{At: at, Cause: "e"}}
	}
	cutoff := func(reason string, before tokenstate.Seconds) []tokenstate.Row {
		return []tokenstate.Row{tokenstate.CutoffRow{
			Scope: tokenstate.Scope{Realm: "demo", User: "u"}, Cause: "e", Value: tokenstate.Cutoff{Before: before, Tokens: true, Reason: reason},
		}}
	}
	deletion := func(node string, seen tokenstate.Millis) []tokenstate.Row {
		return []tokenstate.Row{
			tokenstate.CutoffRow{Scope: tokenstate.Scope{Realm: "demo"}, Cause: "e", Value: tokenstate.Cutoff{Before: 5, At: 5000, Tokens: true, Reason: tokenstate.ReasonRealmDeleted}},
			tokenstate.SightingRow{
				ID: tokenstate.SightingKey{Seat: tokenstate.Scope{Realm: "demo", Key: "vanished"}, Gone: true}, Node: node,
				Value: tokenstate.Sighting{At: seen, Cause: "l"},
			},
		}
	}
	for name, c := range map[string]struct {
		rows []tokenstate.Row
		want tokenstate.State
	}{
		"a realm's deletion that was told":   {deletion("", 5150)[:1], tokenstate.Usable},
		"and seen, but not surely later":     {deletion("", 5150), tokenstate.Usable},
		"and seen surely later":              {deletion("", 5151), tokenstate.Revoked},
		"by a node's rows":                   {deletion("a", 5101), tokenstate.Revoked},
		"an event's cutoff spares the skew":  {cutoff(tokenstate.ReasonGrantRevoked, 3), tokenstate.Usable},
		"and not a second more":              {cutoff(tokenstate.ReasonGrantRevoked, 4), tokenstate.Revoked},
		"an order's is the database's":       {cutoff(tokenstate.ReasonOrder, 3), tokenstate.Revoked},
		"role withdrawn, then seen":          {[]tokenstate.Row{user("a", 5000, true), user("b", 5101, false)}, tokenstate.Usable},
		"role withdrawn, seen within skew":   {[]tokenstate.Row{user("a", 5000, true), user("b", 5100, false)}, tokenstate.Suspended},
		"role withdrawn, since the first":    {[]tokenstate.Row{user("a", 5000, true), user("b", 5200, true)}, tokenstate.Suspended},
		"gone, then listed by the same node": {[]tokenstate.Row{sighting(true, "a", 5000), sighting(false, "a", 5001)}, tokenstate.Usable},
		"gone, then listed by nobody":        {[]tokenstate.Row{sighting(true, "", 5000), sighting(false, "", 5001)}, tokenstate.Revoked},
		"listed by the look itself":          {[]tokenstate.Row{look("", 5000), sighting(false, "", 5000)}, tokenstate.Usable},
		"listed by another node's look":      {[]tokenstate.Row{look("a", 5000), sighting(false, "b", 5000)}, tokenstate.Revoked},
	} {
		f := tokenstate.FactsOf(c.rows)
		_, err := pool.Exec(ctx, "TRUNCATE tokenstate.fact_standing, tokenstate.fact_look, tokenstate.fact_sighting, tokenstate.fact_cutoff")
		must(t, err)
		must(t, force(ctx, s, f))
		v := tokenstate.Judge(tok, f, rules)
		if got := viewOf(ctx, t, pool)["demo"]; got != line(v) || v.State != c.want {
			t.Errorf("%s: the view says %s, Judge %s", name, got, line(v))
		}
	}
}

// Ensure a token that was stored without its client is of the one that carried its client_id last, and of no other.
func TestTheViewNamesATokenOnce(t *testing.T) {
	pool, ctx := newPool(t), context.Background()
	s := New(pool)
	must(t, s.SetRules(ctx, tokenstate.Rules{Sweep: 1, ClosedSweep: 1}))
	tok := tokenstate.Token{Realm: "demo", User: "u", ClientID: "app", Session: "s", IssuedAt: 1}
	_, err := s.PutToken(ctx, StoredToken{Token: tok}, nil)
	must(t, err)
	sighting := func(seat tokenstate.Scope, gone bool, at tokenstate.Millis, owner string) tokenstate.Row {
		return tokenstate.SightingRow{
			ID: tokenstate.SightingKey{Seat: seat, Gone: gone}, Node: fmt.Sprint(at), Value: tokenstate.Sighting{At: at, Second: 1, Cause: "e", Owner: owner},
		}
	}
	app := tokenstate.Scope{Realm: "demo", Client: "app", Key: "client_id"}
	f := tokenstate.FactsOf([]tokenstate.Row{
		sighting(tokenstate.Scope{Realm: "demo", Client: "c1", Session: "s"}, true, 500, "u"),
		sighting(app, false, 1000, "c1"), sighting(app, false, 2000, "c2"),
	})
	must(t, force(ctx, s, f))
	if got := viewOf(ctx, t, pool)["demo"]; got != "usable" {
		t.Errorf("the client c1 carried the client_id before c2 did, and its session ended; the view says %s", got)
	}
}

func line(v tokenstate.Verdict) string {
	if v.State == tokenstate.Usable {
		return "usable"
	}
	return fmt.Sprintf("%s %s %d %q", v.State, v.Reason, v.Since, v.Cause)
}

// viewOf is what the view says, by realm.
func viewOf(ctx context.Context, t interface {
	Helper()
	Fatalf(string, ...any)
}, pool *pgxpool.Pool,
) map[string]string {
	t.Helper()
	rows, err := pool.Query(ctx, "SELECT realm, state, coalesce(reason, ''), coalesce(since, 'epoch'), coalesce(event_id, '') FROM tokenstate.offline_token_state")
	must(t, err)
	said := map[string]string{}
	var realm, state, reason, event string
	var since time.Time
	_, err = pgx.ForEachRow(rows, []any{&realm, &state, &reason, &since, &event}, func() error {
		if twice, ok := said[realm]; ok {
			return fmt.Errorf("the token of %s stands in the view twice, first as %s", realm, twice)
		}
		said[realm] = state
		if reason != "" {
			said[realm] = fmt.Sprintf("%s %s %d %q", state, reason, since.UnixMilli(), event)
		}
		return nil
	})
	must(t, err)
	return said
}
