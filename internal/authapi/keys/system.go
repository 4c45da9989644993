package keys

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/tokenstate/tokenstate/internal/apikey"
	"github.com/tokenstate/tokenstate/internal/authapi/gate"
	"github.com/tokenstate/tokenstate/internal/authapi/orders"
	"github.com/tokenstate/tokenstate/internal/authapi/problem"
	"github.com/tokenstate/tokenstate/internal/authapi/redact"
	"github.com/tokenstate/tokenstate/internal/authapi/web"
	"github.com/tokenstate/tokenstate/internal/events"
	"github.com/tokenstate/tokenstate/internal/projection"
	"github.com/tokenstate/tokenstate/internal/secret"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

// ErrBlocked is Keys.Mint's answer after a revocation that blocks the name.
var ErrBlocked = errors.New("the key's name is blocked")

// SystemKeyPath is whose key is meant. It is exported because huma reads no unexported part.
type SystemKeyPath struct {
	UserID string `path:"user_id" minLength:"1" maxLength:"255"`
	OrgID  string `path:"org_id" minLength:"1" maxLength:"255"`
}

type mintInput struct {
	SystemKeyPath
	gate.Waiting
	Body struct {
		Name string `json:"name" minLength:"1" maxLength:"100" pattern:"^ *[A-Za-z0-9][A-Za-z0-9 _.:@-]*$" doc:"blanks around it do not count"`
	}
}

type mintAnswer struct {
	Status int
	Body   struct {
		Key    string `json:"key" doc:"the same until it is revoked or cut off"`
		UserID string `json:"user_id"`
		OrgID  string `json:"org_id"`
		Name   string `json:"name"`

		Applied bool  `json:"applied" doc:"this replica knows the key by now"`
		Version int64 `json:"version" doc:"0: the key was there before"`
	}
}

type unmintInput struct {
	SystemKeyPath
	gate.Waiting
	Name  string `path:"name" minLength:"1" maxLength:"100"`
	Block bool   `query:"block" doc:"and let nobody mint it again"`
}

type unmintAnswer struct {
	Status int
	Body   struct {
		Applied bool  `json:"applied"`
		Version int64 `json:"version"`
	}
}

func (s *Service) systemKeys(api huma.API) {
	const path = "/api/service/users/{user_id}/orgs/{org_id}/api-keys"
	mint := web.Operation(http.MethodPost, path, "Get or create a user's system key", web.SmallBody)
	mint.Middlewares = s.Door.ForService(gate.ScopeMint)
	huma.Register(api, mint, s.mint)
	revoke := web.Operation(http.MethodDelete, path+"/{name}", "Revoke a user's system key", web.SmallBody)
	revoke.Middlewares = s.Door.ForService(gate.ScopeMint)
	huma.Register(api, revoke, s.unmint)
}

// mint gives the same secret until it is revoked or cut off, derived and not stored, so that
// a backend may ask at every run.
func (s *Service) mint(ctx context.Context, in *mintInput) (*mintAnswer, error) {
	caller := web.ServiceOf(ctx)
	k := systemKey(caller, in.SystemKeyPath, in.Body.Name)
	if bad := gate.CheckOrganization(caller, k.Org); bad != nil {
		return nil, bad
	}
	if redact.Secret(in.Body.Name) {
		return nil, problem.SecretForID()
	}
	if bad := s.mayHoldKey(ctx, apikey.Record{Realm: k.Realm, User: k.User, Org: k.Org}); bad != nil {
		return nil, bad
	}
	var rec apikey.Record
	var version int64
	err := s.pastCutoff(ctx, func() (err error) {
		rec, version, err = s.System.Mint(ctx, k,
			func(newest *apikey.Record, owner apikey.Owned) (uint64, error) { return s.generation(k, newest, owner) },
			func(generation uint64, at tokenstate.Seconds) apikey.Issue {
				return apikey.Issue{Record: s.build(k, generation, at), MadeBy: madeBy(caller)}
			})
		return err
	})
	if err != nil {
		return nil, s.keyFault(ctx, err)
	}
	a := &mintAnswer{}
	key, ok := s.derived(k, rec)
	if !ok { // its replica has a master that this one lacks
		return nil, problem.Unavailable("master-missing", "this replica lacks the master secret that the key was derived from: give all replicas the same files")
	}
	a.Body.Key = key.Text().Reveal()
	a.Body.UserID, a.Body.OrgID, a.Body.Name = k.User, k.Org, k.Name
	a.Body.Version = version
	a.Body.Applied, a.Status = s.Gate.Enforced(ctx, in.Waiting, version)
	return a, nil
}

// systemKey is which key is meant. The first adopter takes blanks off names, and writes UUIDs as it likes.
func systemKey(caller projection.ServiceKey, at SystemKeyPath, name string) SystemKey {
	return SystemKey{caller.Realm, at.UserID, apikey.Organization(at.OrgID), strings.TrimSpace(name)}
}

// generation says which one must exist: the newest, unless it is dead, or its secret cannot be
// derived any more, because the master secret was rotated.
func (s *Service) generation(k SystemKey, newest *apikey.Record, owner apikey.Owned) (uint64, error) {
	if err := mayMake(owner); err != nil {
		return 0, err
	}
	if newest == nil {
		return 1, nil
	}
	if _, ok := s.derived(k, *newest); !ok {
		return newest.Generation + 1, nil
	}
	return apikey.NextGeneration(*newest, owner.Owner, owner.Cut(*newest)), nil
}

func system(k SystemKey, generation uint64) apikey.System {
	return apikey.System{Realm: k.Realm, User: k.User, Org: k.Org, Name: k.Name, Generation: generation}
}

// derived gives the key of a record, from the master that it was derived from.
func (s *Service) derived(k SystemKey, rec apikey.Record) (apikey.Presented, bool) {
	for _, m := range s.masters() {
		if p := apikey.Derive(m, system(k, rec.Generation)); s.Gate.Peppers.Matches(rec, p) {
			return p, true
		}
	}
	return apikey.Presented{}, false
}

// masters are all that keys may have been derived from, the present one first.
func (s *Service) masters() []secret.Text { return append([]secret.Text{s.Master}, s.OldMasters...) }

func (s *Service) build(k SystemKey, generation uint64, at tokenstate.Seconds) apikey.Record {
	p := apikey.Derive(s.Master, system(k, generation))
	return apikey.Record{
		ID: p.ID, Realm: k.Realm, User: k.User, Org: k.Org, Name: apikey.SystemPrefix + k.Name,
		Kind: apikey.KindSystem, Generation: generation, Created: at,
		Digest: apikey.Digest(s.Gate.Peppers[0], p), PepperID: s.Gate.Peppers[0].ID,
	}
}

func (s *Service) unmint(ctx context.Context, in *unmintInput) (*unmintAnswer, error) {
	caller := web.ServiceOf(ctx)
	k := systemKey(caller, in.SystemKeyPath, in.Name)
	if bad := gate.CheckOrganization(caller, k.Org); bad != nil {
		return nil, bad
	}
	at, err := s.Orders.Now(ctx)
	if err != nil {
		return nil, s.Gate.StoreFault(ctx, err)
	}
	found, version, err := s.System.Revoke(ctx, k, in.Block, func(id string) events.Message {
		return orders.KeyRevoked(k.Realm, at, "service:"+caller.Name, k.User, id)
	})
	switch {
	case err != nil:
		return nil, s.Gate.StoreFault(ctx, err)
	case !found:
		return nil, problem.New(http.StatusNotFound, "no-such-key", "", "there is no such system key")
	}
	a := &unmintAnswer{}
	a.Body.Version = version
	a.Body.Applied, a.Status = s.Gate.Enforced(ctx, in.Waiting, version)
	return a, nil
}
