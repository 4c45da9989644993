package sameinstant

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenstate/tokenstate/internal/events"
	"github.com/tokenstate/tokenstate/internal/play"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

// scenes are what people and administrators do, and what undoes it for the next.
var scenes = []struct {
	name string
	do   func(i *instant, p *person)
	undo func(i *instant)
}{
	{name: "nothing happened", do: func(*instant, *person) {}},
	{name: "logged out of one client's session", do: func(i *instant, p *person) { i.must(i.k.Logout(i.ctx, p.tokens["app"])) }},
	{name: "one client's token revoked", do: func(i *instant, p *person) { i.must(i.k.Revoke(i.ctx, p.tokens["app"])) }},
	{name: "a session removed by an administrator", do: func(i *instant, p *person) {
		i.call(http.MethodDelete, "/sessions/"+p.seats[0].Session+"?isOffline=true", nil, nil)
	}},
	{name: "all logged out by an administrator", do: func(i *instant, p *person) {
		play.Pause(i.ctx, time.Until(time.Unix(int64(p.seats[1].IssuedAt)+1, 0))) // not-before kills earlier seconds only
		i.call(http.MethodPost, "/users/"+p.id+"/logout", nil, nil)
	}},
	{name: "user disabled", do: func(i *instant, p *person) { i.must(i.k.Enable(i.ctx, p.id, false)) }},
	{name: "user deleted", do: func(i *instant, p *person) { i.call(http.MethodDelete, "/users/"+p.id, nil, nil) }},
	{name: "role taken away", do: func(i *instant, p *person) {
		var roles []map[string]any
		i.call(http.MethodGet, "/users/"+p.id+"/role-mappings/realm", nil, &roles)
		i.call(http.MethodDelete, "/users/"+p.id+"/role-mappings/realm", roles, nil)
	}},
	{name: "role by a group alone", do: func(i *instant, p *person) {
		var roles, offline []map[string]any
		i.call(http.MethodGet, "/users/"+p.id+"/role-mappings/realm", nil, &roles)
		group, err := i.k.Call(i.ctx, http.MethodPost, "/groups", map[string]any{"name": "readers"}, nil)
		i.must(err)
		var role map[string]any
		i.call(http.MethodGet, "/roles/offline_access", nil, &role)
		i.call(http.MethodPost, "/groups/"+group+"/role-mappings/realm", append(offline, role), nil)
		i.call(http.MethodPut, "/users/"+p.id+"/groups/"+group, nil, nil)
		i.call(http.MethodDelete, "/users/"+p.id+"/role-mappings/realm", roles, nil)
	}},
	{name: "client disabled", do: func(i *instant, _ *person) { i.client("app", map[string]any{"enabled": false}) }, undo: func(i *instant) { i.client("app", map[string]any{"enabled": true}) }},
	{name: "client renamed", do: func(i *instant, _ *person) { i.client("app", map[string]any{"clientId": "renamed"}) }, undo: func(i *instant) { i.client("app", map[string]any{"clientId": "app"}) }},
	{name: "client's not-before", do: func(i *instant, _ *person) {
		i.client("app", map[string]any{"notBefore": time.Now().Unix() + 60})
	}, undo: func(i *instant) { i.client("app", map[string]any{"notBefore": 0}) }},
	{name: "client's lifetime shortened", do: func(i *instant, p *person) {
		i.client("app", map[string]any{"attributes": map[string]string{"client.offline.session.max.lifespan": "1"}})
		i.realm(map[string]any{"offlineSessionMaxLifespanEnabled": true, "offlineSessionMaxLifespan": 5184000})
		over(i, p, 1)
	}, undo: func(i *instant) {
		i.client("app", map[string]any{"attributes": map[string]string{"client.offline.session.max.lifespan": ""}})
		i.realm(map[string]any{"offlineSessionMaxLifespanEnabled": false})
	}},
	{name: "realm's lifetime shortened", do: func(i *instant, p *person) {
		i.realm(map[string]any{"offlineSessionMaxLifespanEnabled": true, "offlineSessionMaxLifespan": 1})
		over(i, p, 1)
	}, undo: func(i *instant) { i.realm(map[string]any{"offlineSessionMaxLifespanEnabled": false}) }},
	{name: "the client's own idle time", do: func(i *instant, _ *person) {
		i.client("app", map[string]any{"attributes": map[string]string{"client.offline.session.idle.timeout": "1296000"}})
	}, undo: func(i *instant) {
		i.client("app", map[string]any{"attributes": map[string]string{"client.offline.session.idle.timeout": ""}})
	}},
	{name: "the realm ends sessions before they are idle", do: func(i *instant, _ *person) {
		i.realm(map[string]any{"offlineSessionMaxLifespanEnabled": true, "offlineSessionMaxLifespan": 1728000})
	}, undo: func(i *instant) { i.realm(map[string]any{"offlineSessionMaxLifespanEnabled": false}) }},
	{name: "realm's not-before", do: func(i *instant, _ *person) { i.realm(map[string]any{"notBefore": time.Now().Unix() + 60}) }, undo: func(i *instant) { i.realm(map[string]any{"notBefore": 0}) }},
	{name: "realm disabled", do: func(i *instant, _ *person) { i.realm(map[string]any{"enabled": false}) }, undo: func(i *instant) { i.realm(map[string]any{"enabled": true}) }},
	{name: "client made bearer-only", do: func(i *instant, _ *person) { i.client("app", map[string]any{"bearerOnly": true}) }, undo: func(i *instant) { i.client("app", map[string]any{"bearerOnly": false}) }},
	{name: "the client asks for consent", do: func(i *instant, _ *person) { i.client("app", map[string]any{"consentRequired": true}) }, undo: func(i *instant) { i.client("app", map[string]any{"consentRequired": false}) }},
	{name: "the client's scope offline_access taken away", do: func(i *instant, _ *person) { i.scope(http.MethodDelete, "app") }, undo: func(i *instant) { i.scope(http.MethodPut, "app") }},
	{name: "only some roles in the client's scope", do: func(i *instant, _ *person) { i.client("app", map[string]any{"fullScopeAllowed": false}) }, undo: func(i *instant) { i.client("app", map[string]any{"fullScopeAllowed": true}) }},
	{name: "only some roles in the client's scope, and none by the scope offline_access", do: func(i *instant, _ *person) {
		i.client("app", map[string]any{"fullScopeAllowed": false})
		i.demands(http.MethodDelete, "offline_access")
	}, undo: func(i *instant) {
		i.client("app", map[string]any{"fullScopeAllowed": true})
		i.demands(http.MethodPost, "offline_access")
	}},
	{name: "the scope offline_access wants another role", do: func(i *instant, _ *person) {
		i.demands(http.MethodPost, "uma_authorization")
		i.demands(http.MethodDelete, "offline_access")
	}, undo: func(i *instant) {
		i.demands(http.MethodPost, "offline_access")
		i.demands(http.MethodDelete, "uma_authorization")
	}},
	{name: "the scope offline_access wants a role that the user has not", do: func(i *instant, _ *person) {
		i.call(http.MethodPost, "/roles", map[string]any{"name": "travellers"}, nil)
		i.demands(http.MethodPost, "travellers")
		i.demands(http.MethodDelete, "offline_access")
	}, undo: func(i *instant) {
		i.demands(http.MethodPost, "offline_access")
		i.demands(http.MethodDelete, "travellers")
	}},
	{name: "the realm's scope offline_access removed", do: func(i *instant, _ *person) {
		i.call(http.MethodDelete, "/client-scopes/"+i.offlineScope(), nil, nil)
	}, undo: func(i *instant) {
		i.call(http.MethodPost, "/client-scopes", map[string]any{"name": "offline_access", "protocol": "openid-connect"}, nil)
		i.demands(http.MethodPost, "offline_access")
		i.scope(http.MethodPut, "app")
		i.scope(http.MethodPut, "app2")
	}},
	{name: "the role imported anew", do: func(i *instant, _ *person) {
		i.call(http.MethodPost, "/partialImport", map[string]any{
			"ifResourceExists": "OVERWRITE", "roles": map[string]any{"realm": []any{map[string]any{"name": "offline_access"}}},
		}, nil)
	}, undo: func(i *instant) {
		var role map[string]any
		i.call(http.MethodGet, "/roles/offline_access", nil, &role)
		i.call(http.MethodPost, "/roles/default-roles-"+i.k.Realm+"/composites", []any{role}, nil)
		i.demands(http.MethodPost, "offline_access")
	}},
	{name: "client deleted", do: func(i *instant, _ *person) { i.call(http.MethodDelete, "/clients/"+i.uuids["app"], nil, nil) }},
}

func (i *instant) client(name string, change map[string]any) {
	i.Helper()
	i.call(http.MethodPut, "/clients/"+i.uuids[name], change, nil)
}

func (i *instant) realm(change map[string]any) {
	i.Helper()
	i.call(http.MethodPut, "", change, nil)
}

// offlineScope is the id of the client scope offline_access.
func (i *instant) offlineScope() string {
	i.Helper()
	var scopes []struct{ ID, Name string }
	i.call(http.MethodGet, "/client-scopes", nil, &scopes)
	for _, s := range scopes {
		if s.Name == "offline_access" {
			return s.ID
		}
	}
	i.Fatal("the realm has no client scope offline_access")
	return ""
}

// scope gives a client the scope, or takes it away.
func (i *instant) scope(method, client string) {
	i.Helper()
	i.call(method, "/clients/"+i.uuids[client]+"/optional-client-scopes/"+i.offlineScope(), nil, nil)
}

// demands makes the scope want one of the users' roles more, or less.
func (i *instant) demands(method, role string) {
	i.Helper()
	var r map[string]any
	i.call(http.MethodGet, "/roles/"+role, nil, &r)
	i.call(method, "/client-scopes/"+i.offlineScope()+"/scope-mappings/realm", []any{r}, nil)
}

// over waits until a lifetime has passed: Keycloak counts whole seconds.
func over(i *instant, p *person, seconds events.Seconds) {
	play.Pause(i.ctx, time.Until(time.Unix(int64(p.seats[1].IssuedAt+seconds+2), 0)))
}

// Ensure that the listener's look, the resource's and the admin API's say the same of the same
// instant, or the admin API's says less; and that what they say is what Keycloak does.
func TestAllLooksSayTheSame(t *testing.T) {
	i := newInstant(t)
	for n, s := range scenes {
		t.Run(s.name, func(t *testing.T) {
			i.T = t
			p := i.person(fmt.Sprintf("person-%d", n))
			s.do(i, p)
			if s.undo != nil {
				defer func() { i.T = t; s.undo(i) }()
			}
			i.compare(p)
		})
	}
}

func (i *instant) compare(p *person) {
	i.Helper()
	user := tokenstate.Scope{Realm: i.k.Realm, User: p.id}
	told := i.told(p)
	ms, err := i.ask.Look(i.ctx, user, p.seats)
	i.must(err)
	inside := put(ms)
	if ms[0].Node == "" {
		i.Fatal("the resource was not asked")
	}
	outside := i.outside(user, p.seats)

	if d := cmp.Diff(told.user, inside.user); d != "" {
		i.Errorf("of the user the listener and the resource say: %s", d)
	}
	if d := cmp.Diff(told.realm, inside.realm); d != "" {
		i.Errorf("of the realm the listener and the resource say: %s", d)
	}
	if d := cmp.Diff(told.alive, inside.alive, cmp.AllowUnexported(seat{}, times{})); d != "" {
		i.Errorf("of sessions the listener and the resource say: %s", d)
	}
	for _, uuid := range []string{p.seats[0].Client, p.seats[1].Client} { // they may have no session left
		one, err := i.ask.Look(i.ctx, tokenstate.Scope{Realm: i.k.Realm, Client: uuid}, nil)
		i.must(err)
		maps.Copy(inside.clients, put(one).clients)
		maps.Copy(outside.clients, i.outside(tokenstate.Scope{Realm: i.k.Realm, Client: uuid}, nil).clients)
	}
	for uuid, told := range told.clients { // also those of earlier events that the same look was taken for
		if d := cmp.Diff(told, inside.clients[uuid]); d != "" {
			i.Errorf("of clients the listener and the resource say: %s", d)
		}
	}
	outside.realm = i.outside(tokenstate.Scope{Realm: i.k.Realm}, nil).realm
	if d := cmp.Diff(inside.user, outside.user); d != "" {
		i.Errorf("of the user the resource and the admin API say: %s", d)
	}
	if d := cmp.Diff(inside.realm, outside.realm); d != "" {
		i.Errorf("of the realm the resource and the admin API say: %s", d)
	}
	if d := cmp.Diff(inside.clients, outside.clients); d != "" {
		i.Errorf("of clients the resource and the admin API say: %s", d)
	}
	i.judge(p, inside, outside)
}

// judge compares what is said of each token, and holds it against Keycloak's own answer.
func (i *instant) judge(p *person, inside, outside shown) {
	i.Helper()
	alive := i.refreshes(p)
	for _, t := range p.seats {
		in, out := inside.says(t), outside.says(t)
		if in == "nothing" {
			i.Errorf("the resource says nothing of %s", t.ClientID)
		}
		if out != in && out != "nothing" {
			i.Errorf("the session of %s: the resource says it %s, the admin API that it %s", t.ClientID, in, out)
		}
		if a, b := inside.alive[seat{t.Session, t.Client}], outside.alive[seat{t.Session, t.Client}]; in == out && !a.fits(b) {
			i.Errorf("of the times of %s the resource says %+v, the admin API %+v", t.ClientID, a, b)
		}
		if why := inside.refuses(t); (why == "") != alive[t.ClientID] && (why != "" || !inside.doubts(t)) {
			i.Errorf("the resource says of the token of %s: refused %q, and Keycloak refreshes: %v", t.ClientID, why, alive[t.ClientID])
		}
	}
}

// told has the listener look at the person whole, and gives what it says. A look that was taken for earlier events as
// well tells the clients that these name, too, and the next one is for this change alone. Who is gone cannot be changed,
// and their deletion was looked at.
func (i *instant) told(p *person) shown {
	i.Helper()
	for range 5 {
		now := events.Millis(time.Now().UnixMilli())
		_, err := i.k.Call(i.ctx, http.MethodPut, "/users/"+p.id, map[string]any{"firstName": "Another"}, nil)
		if err != nil {
			now = 0
		}
		ms := i.listened(p.id, now, func(o *events.Observation) bool {
			return o.User != nil && o.User.User == p.id && o.User.Gone == (err != nil)
		})
		if err != nil || causedBy(ms, "UPDATE USER") {
			return put(ms)
		}
	}
	i.Fatal("each look at the person was taken for other events, too")
	return shown{}
}

// causedBy reports whether events of one type alone caused a look.
func causedBy(ms []events.Message, kind string) bool {
	return !slices.ContainsFunc(ms, func(m events.Message) bool {
		o, _ := m.Body.(*events.Observation)
		return slices.ContainsFunc(o.Causes, func(c events.Cause) bool { return c.Type != kind })
	})
}

func (i *instant) outside(s tokenstate.Scope, seats []tokenstate.Token) shown {
	i.Helper()
	ms, err := i.ask.Outside(i.ctx, s, seats)
	i.must(err)
	return put(ms)
}
