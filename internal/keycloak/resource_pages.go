package keycloak

import (
	"context"
	"encoding/json"
	"strconv"
	"time"
)

// LiveSession is one client in one offline session that Keycloak would refresh.
type LiveSession struct {
	ID, UserID string
	Start      int64 // seconds; the later of the two starts, of the user's and of the client's session
	Ends, Life int64 // seconds; as of Session
}

// LocalUser is a user of Keycloak's own table.
type LocalUser struct {
	ID            string
	Enabled       bool
	OfflineAccess bool // has the realm role, directly, by group or by a composite
	NotBefore     int64
	Store         string // the component id of the user store that this row is a copy from; "": none
}

// KeyPage is the page after a key. Since the next one begins after the last row and not at a number
// of rows, nobody is skipped when others go: whoever is there while all pages are read is on one.
type KeyPage struct {
	At       time.Time // before the reading, by the node's own clock
	Node     string
	Next     string // ask for the rows after it; "": there are none
	Sessions []LiveSession
	Users    []LocalUser
}

// SessionsAfter is a page of a client's offline sessions that Keycloak would refresh, by session id.
func (r *Resource) SessionsAfter(ctx context.Context, realm, client, after string, limit int) (KeyPage, error) {
	var got struct {
		pageHead
		Sessions []struct {
			Session, User, Client string
			Start, Ends, Life     int64
		}
	}
	ans, err := r.page(ctx, "sessions", realm, client, after, limit, &got)
	if err != nil {
		return KeyPage{}, err
	}
	page, ok := got.page(after, len(got.Sessions), limit)
	ok = ok && got.Sessions != nil // absent is not empty
	for _, s := range got.Sessions {
		ok = ok && plainID(s.Session) && plainID(s.User) && s.Client == client && s.Start >= 0 && s.Ends >= 0 && s.Life >= 0
		page.Sessions = append(page.Sessions, LiveSession{s.Session, s.User, s.Start, s.Ends, s.Life})
	}
	if !ok {
		return KeyPage{}, ans.unknown("a page of sessions is not whole, or not the one that was asked for")
	}
	return page, nil
}

// UsersAfter is a page of a realm's local users, by id.
func (r *Resource) UsersAfter(ctx context.Context, realm, after string, limit int) (KeyPage, error) {
	var got struct {
		pageHead
		Users []struct {
			User          string
			Enabled       *bool
			OfflineAccess *bool `json:"offline_access"`
			NotBefore     int64 `json:"not_before"`
			Store         string
		}
	}
	ans, err := r.page(ctx, "users", realm, "", after, limit, &got)
	if err != nil {
		return KeyPage{}, err
	}
	page, ok := got.page(after, len(got.Users), limit)
	ok = ok && got.Users != nil // absent is not empty
	for _, u := range got.Users {
		if ok = ok && plainID(u.User) && u.Enabled != nil && u.OfflineAccess != nil && u.NotBefore >= 0 &&
			(u.Store == "" || plainID(u.Store)); !ok {
			return KeyPage{}, ans.unknown("a user without id, enabled or offline_access")
		}
		page.Users = append(page.Users, LocalUser{u.User, *u.Enabled, *u.OfflineAccess, u.NotBefore, u.Store})
	}
	if !ok {
		return KeyPage{}, ans.unknown("a page of users is not whole, or not the one that was asked for")
	}
	return page, nil
}

// pageHead is what both kinds of page begin with.
type pageHead struct {
	At   int64
	Node string
	Next *string
}

// page is ok if a walk gets on by it.
func (h pageHead) page(after string, rows, limit int) (p KeyPage, ok bool) {
	p = KeyPage{At: time.UnixMilli(h.At).UTC(), Node: h.Node}
	if h.Next != nil {
		p.Next = *h.Next
	}
	return p, plausible(h.At, h.Node) && rows <= limit && (h.Next == nil || plainID(p.Next) && p.Next != after)
}

func (r *Resource) page(ctx context.Context, of, realm, client, after string, limit int, into any) (*answer, error) {
	if !plainID(realm) || client != "" && !plainID(client) || after != "" && !plainID(after) {
		return nil, ErrBadID
	}
	query := map[string][]string{"realm": {r.account.cfg.nameOf(realm)}, "limit": {strconv.Itoa(limit)}}
	if client != "" {
		query["client"] = []string{client}
	}
	if after != "" {
		query["after"] = []string{after}
	}
	ans, err := r.read(ctx, question{name: "page of " + of + " of the tokenstate resource", path: of, query: query})
	if err != nil {
		return nil, err
	}
	if json.Unmarshal(ans.body, into) != nil {
		return nil, ans.unknown("a page has members of an unexpected type")
	}
	return ans, nil
}
