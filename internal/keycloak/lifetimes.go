package keycloak

import (
	"context"
	"encoding/json"
	"errors"
	"strconv"
	"time"
)

// Lifetimes are the shortest bounds that may apply to an offline session of one client, in seconds;
// 0: none. Keycloak ends a session at the first refresh after them, and lists it until then.
type Lifetimes struct{ Idle, Max int64 }

// Lifetimes asks for a realm's settings and a client's own (roles view-realm and view-clients).
// ErrNotFound: the realm or the client is gone.
func (a *Admin) Lifetimes(ctx context.Context, realm, client string) (Lifetimes, error) {
	r, c := realm, client
	if err := segments(&r, &c); err != nil {
		return Lifetimes{}, err
	}
	var of struct {
		Idle       *int64 `json:"offlineSessionIdleTimeout"`
		MaxOn      bool   `json:"offlineSessionMaxLifespanEnabled"`
		Max        int64  `json:"offlineSessionMaxLifespan"`
		ClientIdle int64  `json:"clientOfflineSessionIdleTimeout"`
		ClientMax  int64  `json:"clientOfflineSessionMaxLifespan"`
	}
	ans, err := a.account.get(ctx, spec{name: "realm", want: object}, nil, &of, r)
	if err == nil {
		err = ans.rejected()
	}
	if err != nil {
		return Lifetimes{}, err
	}
	if of.Idle == nil {
		return Lifetimes{}, ans.unknown("the realm came without its settings; our client needs view-realm")
	}
	var own struct {
		ID         string                     `json:"id"`
		Attributes map[string]json.RawMessage `json:"attributes"`
	}
	ans, err = a.account.get(ctx, spec{name: "client", want: object}, nil, &own, r, "clients", c)
	if err == nil {
		err = ans.rejected()
	}
	if err != nil {
		return Lifetimes{}, err
	}
	if own.ID == "" {
		return Lifetimes{}, ans.unknown("a client without id")
	}
	l := Lifetimes{
		Idle: shortest(*of.Idle, of.ClientIdle, seconds(own.Attributes["client.offline.session.idle.timeout"])),
		Max:  seconds(own.Attributes["client.offline.session.max.lifespan"]),
	}
	if of.MaxOn {
		l.Max = shortest(l.Max, of.Max, of.ClientMax)
	}
	return l, nil
}

// lifetimeSlack covers that a look's time is up to two seconds early.
const lifetimeSlack = 2 * time.Second

// MayBeOver reports whether Keycloak may end s when it is refreshed next. It errs on that side: the
// start of the client session, which counts, too, is not shown.
func (l Lifetimes) MayBeOver(s Session, at time.Time) bool {
	at = at.Add(lifetimeSlack)
	over := func(from, bound int64) bool {
		return bound > 0 && at.Sub(time.UnixMilli(from)) >= time.Duration(bound)*time.Second
	}
	return over(s.LastAccess, l.Idle) || over(s.UserStart, l.Max)
}

// end is the first bound to end s, and for how long that lets it live; both 0: none does.
func (l Lifetimes) end(s Session) (ends, life int64) {
	idle, oldest := s.LastAccess/1000+l.Idle, s.UserStart/1000+l.Max
	switch {
	case l.Idle > 0 && (l.Max == 0 || idle <= oldest):
		return idle, l.Idle
	case l.Max > 0:
		return oldest, l.Max
	}
	return 0, 0
}

// shortest of those that are set.
func shortest(all ...int64) (least int64) {
	for _, n := range all {
		if n > 0 && (least == 0 || n < least) {
			least = n
		}
	}
	return least
}

// seconds of an attribute, which is a text; one that cannot be read does not count with Keycloak either.
func seconds(raw json.RawMessage) int64 {
	var text string
	if json.Unmarshal(raw, &text) != nil {
		return 0
	}
	n, _ := strconv.ParseInt(text, 10, 64)
	return max(n, 0)
}

// Lasting are the sessions of a client that surely are not over, with their ends, and the ids of those that may be. Where there are
// none, nothing is asked.
func (a *Admin) Lasting(ctx context.Context, realm, client string, all []Session,
	at time.Time,
) (sure []Session, unsure map[string]bool, err error) {
	if len(all) == 0 {
		return nil, nil, nil
	}
	l, err := a.Lifetimes(ctx, realm, client)
	if errors.Is(err, ErrNotFound) {
		err = stillThere(err)
	}
	if err != nil {
		return nil, nil, err
	}
	unsure = map[string]bool{}
	for _, s := range all {
		if l.MayBeOver(s, at) {
			unsure[s.ID] = true
			continue
		}
		s.Ends, s.Life = l.end(s)
		sure = append(sure, s)
	}
	return sure, unsure, nil
}
