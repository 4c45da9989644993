package worker

import (
	"context"
	"errors"

	"github.com/google/uuid"

	"github.com/tokenstate/tokenstate/internal/events"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

// publish says whom the page showed, in as many messages as it takes. Who has nothing here is left
// out, as they are never looked at either, and whoever only a look can tell about.
func (p *Pages) publish(ctx context.Context, realm, client string, page Page) error {
	var sessions []events.ClientSession
	for _, s := range page.Sessions {
		if p.Known.Holds(realm, s.User) {
			s.ClientID = "" // a sighting needs none
			sessions = append(sessions, s)
		}
	}
	var users []events.UserSeen
	for _, u := range page.Users {
		if !p.Known.Holds(realm, u.User) {
			continue
		}
		if _, ask := p.tells(realm, u, page.At); !ask {
			users = append(users, u)
		}
	}
	return p.send(ctx, realm, page, client, sessions, users)
}

// tells is tokenstate.PageTells, and has those looked at whom only a look can tell about.
func (p *Pages) tells(realm string, u events.UserSeen, at events.Millis) (tell, ask bool) {
	if u.OfflineAccess == nil { // a page of the admin API
		return true, false
	}
	tell, ask = p.Known.PageTells(realm, u.User,
		tokenstate.PageUser{Enabled: u.Enabled, OfflineAccess: *u.OfflineAccess, NotBefore: u.NotBefore}, at)
	if ask {
		p.suspect(realm, u.User)
	}
	return tell, ask
}

func (p *Pages) suspect(realm, user string) {
	if p.Suspect != nil {
		p.Suspect(tokenstate.Scope{Realm: realm, User: user})
	}
}

func (p *Pages) send(ctx context.Context, realm string, page Page, client string, sessions []events.ClientSession,
	users []events.UserSeen,
) error {
	if len(sessions)+len(users) == 0 {
		return nil
	}
	o := &events.Observation{Users: users}
	if len(sessions) > 0 {
		o.Rosters = []events.Roster{{Client: client, Sessions: sessions}} // not complete, ever
	}
	m := events.Message{ID: uuid.NewString(), Realm: realm, At: page.At, Node: page.Node, Source: events.Look, Body: o}
	if _, err := events.Encode(m); err != nil && len(sessions)+len(users) > 1 {
		s, u := len(sessions)/2, len(users)/2
		return errors.Join(p.send(ctx, realm, page, client, sessions[:s], users[:u]), p.send(ctx, realm, page, client, sessions[s:], users[u:]))
	}
	ctx, cancel := context.WithTimeout(ctx, pageLimit)
	defer cancel()
	return p.Log.Publish(ctx, m)
}
