package truth_test

import (
	"context"
	"errors"
	"math/rand"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/tokenstate/tokenstate/internal/events"
	"github.com/tokenstate/tokenstate/internal/keycloak"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

// One node, a small margin: what the log and the looks need to settle a round.
var rules = tokenstate.Rules{Margin: 2000, CacheLag: 200, Sweep: 3600_000, ClosedSweep: 3600_000}

const settleLimit = 30 * time.Second

// Ensure that after random real actions tokenstate's verdict of every token equals Keycloak's
// own answer to a refresh.
func TestVerdictsEqualKeycloaks(t *testing.T) {
	seed, actions := number("TRUTH_SEED", time.Now().UnixNano()), number("TRUTH_ACTIONS", 45)
	rnd := rand.New(rand.NewSource(seed))
	l, w := learn(t), newWorld(t, 8)
	for n := range w.users {
		w.login(n, "app")
	}
	for i := range actions {
		w.act(rnd)
		if i%15 == 14 || i == actions-1 {
			w.settle(l)
			w.compare(l, seed, int(i)+1)
		}
	}
}

func number(name string, otherwise int64) int64 {
	if n, err := strconv.ParseInt(os.Getenv(name), 10, 64); err == nil {
		return n
	}
	return otherwise
}

// act does one random thing that a user or an administrator may do.
func (w *world) act(rnd *rand.Rand) {
	n := rnd.Intn(len(w.users))
	user := w.path("/users/" + w.users[n])
	client := []string{"app", "app2"}[rnd.Intn(2)]
	h := w.held[rnd.Intn(len(w.held))]
	ctx := context.Background()
	switch rnd.Intn(10) {
	case 0, 1, 2:
		w.login(n, client)
	case 3: // a dead token's logout is an action, too: its answer is no matter here
		_, _ = w.apps[h.token.ClientID].Logout(ctx, h.text)
	case 4:
		_ = w.apps[h.token.ClientID].Revoke(ctx, h.text)
	case 5:
		w.call("PUT", user, map[string]any{"enabled": rnd.Intn(3) > 0})
	case 6:
		w.call("POST", user+"/logout", map[string]any{})
	case 7:
		w.call("DELETE", user+"/consents/"+client, nil)
	case 8:
		w.call("DELETE", w.path("/sessions/"+h.token.Session+"?isOffline=true"), nil)
	case 9:
		w.notBefore(client, rnd)
	}
}

// notBefore raises or lowers a client's not-before.
func (w *world) notBefore(client string, rnd *rand.Rand) {
	at := int64(0)
	if rnd.Intn(2) == 0 {
		at = time.Now().Unix() - 1
	}
	w.call("PUT", w.path("/clients/"+w.uuid[client]), map[string]any{"clientId": client, "enabled": true, "notBefore": at})
}

func (w *world) tokens() []tokenstate.Token {
	var ts []tokenstate.Token
	for _, h := range w.held {
		ts = append(ts, h.token)
	}
	return ts
}

// settle waits until nothing is due any more. What the listener's looks leave open (a token
// that was too young to be absent) is looked at over the admin API, as the worker will do.
func (w *world) settle(l *learner) {
	w.t.Helper()
	admin, err := keycloak.NewAdmin(keycloak.Config{BaseURL: w.base, ClientID: "admin-cli-truth", ClientSecret: w.lookClient()})
	if err != nil {
		w.t.Fatal(err)
	}
	quiet := time.Now().Add(time.Duration(rules.Margin)*time.Millisecond + time.Second)
	limit := time.Now().Add(settleLimit)
	tick := time.NewTicker(250 * time.Millisecond)
	defer tick.Stop()
	for range tick.C {
		due := l.due(w.tokens(), rules, events.Millis(time.Now().UnixMilli()))
		if len(due) == 0 && time.Now().After(quiet) {
			return
		}
		if time.Now().After(limit) {
			w.t.Fatalf("not settled within %s: %+v", settleLimit, due)
		}
		for _, d := range due {
			l.add(tokenstate.Learn(w.look(admin, d.Scope)))
		}
	}
}

// compare asks Keycloak, token by token.
func (w *world) compare(l *learner, seed int64, actions int) {
	w.t.Helper()
	agree, falseRevoked, falseUsable := 0, 0, 0
	for _, h := range w.held {
		v := l.judge(h.token, rules)
		_, err := w.apps[h.token.ClientID].Refresh(context.Background(), h.text)
		var refused *keycloak.Refused
		if err != nil && !errors.As(err, &refused) {
			w.t.Fatal(err)
		}
		switch lives := err == nil; {
		case lives == (v.State == tokenstate.Usable):
			agree++
		case lives:
			falseRevoked++
			w.t.Errorf("false revoked: %+v of %+v, but Keycloak refreshes it", v, h.token)
		default:
			falseUsable++
			w.t.Errorf("false usable: %+v of %+v, but Keycloak says %v", v, h.token, err)
		}
	}
	w.t.Logf("actions=%d tokens=%d agree=%d false_revoked=%d false_usable=%d seed=%d",
		actions, len(w.held), agree, falseRevoked, falseUsable, seed)
}
