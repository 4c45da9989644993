package keys

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/tokenstate/tokenstate/internal/apikey"
	"github.com/tokenstate/tokenstate/internal/authapi/gate"
	"github.com/tokenstate/tokenstate/internal/authapi/orders"
	"github.com/tokenstate/tokenstate/internal/authapi/problem"
	"github.com/tokenstate/tokenstate/internal/authapi/web"
	"github.com/tokenstate/tokenstate/internal/events"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

// OwnKey is a key as its owner sees it.
type OwnKey struct {
	ID         string     `json:"id"`
	Name       string     `json:"name"`
	Kind       string     `json:"kind" enum:"system,user,legacy"`
	UserID     string     `json:"user_id"`
	OrgID      *string    `json:"org_id"`
	Prefix     *string    `json:"prefix" doc:"how the key begins"`
	LastFour   *string    `json:"last_four" doc:"how the key ends"`
	Scopes     []string   `json:"scopes"`
	CreatedAt  *time.Time `json:"created_at"`
	ExpiresAt  *time.Time `json:"expires_at"`
	NotBefore  *time.Time `json:"not_before"`
	RevokedAt  *time.Time `json:"revoked_at"`
	LastUsedAt *time.Time `json:"last_used_at" doc:"at least then: uses are written some seconds late"`
	Replaces   *string    `json:"replaces" doc:"the key that was rotated into this one"`
	Active     bool       `json:"active"`
	Reason     *string    `json:"reason" doc:"why it is not active"`
}

func (s *Service) shown(k apikey.Listed) OwnKey {
	d := s.Gate.Decide(k.Record)
	return OwnKey{
		ID: k.ID, Name: gate.ShownName(k.Record), Kind: string(k.Kind), UserID: k.User, OrgID: web.Text(k.Org),
		Prefix: web.Text(k.Shown()), LastFour: web.Text(k.LastFour), Scopes: append([]string{}, strings.Fields(string(k.Scopes))...),
		CreatedAt: k.Created.Millis().Instant(), ExpiresAt: k.Expires.Millis().Instant(),
		NotBefore: k.NotBefore.Millis().Instant(),
		RevokedAt: k.RevokedAt.Millis().Instant(), LastUsedAt: k.LastUsed.Millis().Instant(), Replaces: web.Text(k.Replaces),
		Active: d.Active, Reason: web.Text(d.Reason),
	}
}

type listKeysInput struct {
	UserID string `path:"user_id" minLength:"1" maxLength:"255"`
	Limit  int    `query:"limit" minimum:"1" maximum:"1000" default:"100"`
	Cursor string `query:"cursor" maxLength:"255" doc:"next_cursor of the answer before"`
	System bool   `query:"system" doc:"system keys as well"`
}

type listKeysAnswer struct {
	Body struct {
		Items      []OwnKey `json:"items"`
		NextCursor *string  `json:"next_cursor"`
	}
}

// listKeys reads the database: a key's name is nothing that decisions need in memory.
func (s *Service) listKeys(ctx context.Context, in *listKeysInput) (*listKeysAnswer, error) {
	caller := web.ServiceOf(ctx)
	ref := apikey.Ref{Realm: caller.Realm, User: in.UserID, Orgs: caller.Orgs}
	keys, err := s.Users.List(ctx, ref, in.System, in.Cursor, in.Limit+1)
	if err != nil {
		return nil, s.Gate.StoreFault(ctx, err)
	}
	a := &listKeysAnswer{}
	a.Body.Items = []OwnKey{}
	for i, k := range keys {
		if i == in.Limit {
			a.Body.NextCursor = &keys[i-1].ID
			break
		}
		a.Body.Items = append(a.Body.Items, s.shown(k))
	}
	return a, nil
}

type revokeKeyInput struct {
	gate.Waiting
	UserID string `path:"user_id" minLength:"1" maxLength:"255"`
	ID     string `path:"id" minLength:"1" maxLength:"255"`
}

type revokeKeyAnswer struct {
	Status int
	Body   struct {
		ID      string `json:"id"`
		Applied bool   `json:"applied"`
		Version int64  `json:"version"`
	}
}

// revokeKey may come again: a key that is revoked already stays so.
func (s *Service) revokeKey(ctx context.Context, in *revokeKeyInput) (*revokeKeyAnswer, error) {
	caller := web.ServiceOf(ctx)
	at, err := s.Orders.Now(ctx)
	if err != nil {
		return nil, s.Gate.StoreFault(ctx, err)
	}
	ref := apikey.Ref{Realm: caller.Realm, User: in.UserID, ID: in.ID, Orgs: caller.Orgs}
	rec, version, err := s.Users.RevokeOne(ctx, ref, keyOrders(at, ref, caller.Name))
	if err != nil {
		return nil, s.keyFault(ctx, err)
	}
	a := &revokeKeyAnswer{}
	a.Body.ID, a.Body.Version = rec.ID, version
	a.Body.Applied, a.Status = s.Gate.Enforced(ctx, in.Waiting, version)
	return a, nil
}

// keyOrders makes the order by which a key ends: its copy in the log outlives this database.
func keyOrders(at tokenstate.Millis, ref apikey.Ref, caller string) func(string) events.Message {
	return func(id string) events.Message {
		return orders.New(ref.Realm, at, &events.Order{Order: events.OrderKeyRevoked, By: "service:" + caller, User: ref.User, Key: id})
	}
}

// defaultOverlap is how long a rotated key goes on working unless the caller says otherwise.
const defaultOverlap = 3600

type rotateKeyInput struct {
	gate.Waiting
	Idempotent
	UserID string         `path:"user_id" minLength:"1" maxLength:"255"`
	ID     string         `path:"id" minLength:"1" maxLength:"255"`
	Body   *rotateKeyBody `required:"false"`
}

type rotateKeyBody struct {
	OverlapS  *int       `json:"overlap_s,omitempty" minimum:"0" maximum:"2592000" doc:"how long the old secret goes on working; an hour, if it is missing; 0 revokes it"`
	ExpiresAt *time.Time `json:"expires_at,omitempty" nullable:"true" doc:"of the new key; the old one's, if it is missing"`
}

// rotateKey gives a new key in the place of an old one. Its id is another one, so that either
// can be told in logs, and revoking the new one ends the old one, too.
func (s *Service) rotateKey(ctx context.Context, in *rotateKeyInput) (*createKeyAnswer, error) {
	caller, body := web.ServiceOf(ctx), in.Body
	if body == nil {
		body = &rotateKeyBody{}
	}
	if bad := s.firstLook(ctx, caller.Realm, in.UserID); bad != nil {
		return nil, bad
	}
	at, err := s.Orders.Now(ctx)
	if err != nil {
		return nil, s.Gate.StoreFault(ctx, err)
	}
	p, once := s.newKey(caller.Name, in.Idempotent, []any{"rotate", in.UserID, in.ID, body})
	ref := apikey.Ref{Realm: caller.Realm, User: in.UserID, ID: in.ID, Orgs: caller.Orgs}
	next := func(old apikey.Record, owner apikey.Owned) (apikey.Successor, error) {
		rec, err := s.successor(old, body.ExpiresAt, owner)
		if err != nil {
			return apikey.Successor{}, err
		}
		if bad := mayGive(caller, rec.Scopes); bad != nil {
			return apikey.Successor{}, bad
		}
		k := apikey.NewIssue(rec, p, s.Gate.Peppers[0])
		k.MadeBy = madeBy(caller)
		return apikey.Successor{Issue: k, OldEnds: endOf(owner.At, body.OverlapS)}, nil
	}
	var issued apikey.Issued
	err = s.pastCutoff(ctx, func() (err error) {
		issued, err = s.Users.Rotate(ctx, ref, once, next, keyOrders(at, ref, caller.Name))
		return err
	})
	if err != nil {
		return nil, s.keyFault(ctx, err)
	}
	return s.issued(ctx, p, issued, in.Waiting, ref.ID)
}

func endOf(made tokenstate.Seconds, overlap *int) tokenstate.Seconds {
	switch {
	case overlap == nil:
		return made + defaultOverlap
	case *overlap == 0:
		return 0
	}
	return made + tokenstate.Seconds(*overlap)
}

// successor is the new key's record. A key that is dead for good has none: it would give access
// back that was taken away.
func (s *Service) successor(old apikey.Record, expires *time.Time, owner apikey.Owned) (apikey.Record, error) {
	if old.Kind == apikey.KindSystem {
		return old, problem.New(http.StatusConflict, "system-key", "", "a system key is not rotated here: revoke it, and the next mint gives another")
	}
	switch d := apikey.Admit(old, owner.Owner, owner.Cut(old), owner.At, apikey.BestEffort()); d.Reason {
	case apikey.ReasonRevoked, apikey.ReasonExpired, apikey.ReasonUserDeleted:
		return old, problem.New(http.StatusConflict, "key-dead", d.Reason, "the key is dead: make a new one")
	}
	if err := mayMake(owner); err != nil {
		return old, err
	}
	next := old
	next.Kind, next.Generation, next.Created = apikey.KindUser, old.Generation+1, owner.At
	if expires != nil {
		next.Expires = secondOf(expires)
	}
	if bad := validTimes(next); bad != nil {
		return next, bad
	}
	if !s.Gate.IsMember(next) {
		return next, notAMember()
	}
	return next, nil
}
