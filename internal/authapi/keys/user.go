package keys

import (
	"context"
	"crypto/rand"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/tokenstate/tokenstate/internal/apikey"
	"github.com/tokenstate/tokenstate/internal/authapi/gate"
	"github.com/tokenstate/tokenstate/internal/authapi/problem"
	"github.com/tokenstate/tokenstate/internal/authapi/redact"
	"github.com/tokenstate/tokenstate/internal/authapi/web"
	"github.com/tokenstate/tokenstate/internal/events"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

type createKeyInput struct {
	gate.Waiting
	Idempotent
	UserID string `path:"user_id" minLength:"1" maxLength:"255"`
	Body   createKeyBody
}

// createKeyBody: repeated scopes are one. (huma checks uniqueItems by a map and panics on items that are objects.)
type createKeyBody struct {
	Name      string     `json:"name" minLength:"1" maxLength:"100" pattern:"^[A-Za-z0-9][A-Za-z0-9 _.:@-]*$"`
	OrgID     *string    `json:"org_id,omitempty" nullable:"true" maxLength:"255" doc:"the one organization that the key is for"`
	ExpiresAt *time.Time `json:"expires_at,omitempty" nullable:"true" doc:"dead from that second on; never, if it is missing"`
	NotBefore *time.Time `json:"not_before,omitempty" nullable:"true"`
	Scopes    []string   `json:"scopes,omitempty" maxItems:"8" enum:"access-token" doc:"what the key may do beyond telling whose it is"`
}

type createKeyAnswer struct {
	Status int
	Replay string `header:"Idempotent-Replayed"`
	Body   issuedKey
}

type issuedKey struct {
	Key string `json:"key" doc:"shown this once"`
	OwnKey
	Applied bool  `json:"applied"`
	Version int64 `json:"version"`
}

func (s *Service) userKeys(api huma.API) {
	const path = "/v1/users/{user_id}/api-keys"
	create := web.Operation(http.MethodPost, path, "Make an API key for a user; its secret is shown this once", web.SmallBody)
	create.Middlewares, create.DefaultStatus = s.Door.ForService(gate.ScopeKeys), http.StatusCreated
	huma.Register(api, create, s.createKey)
	list := web.Operation(http.MethodGet, path, "A user's API keys, newest first, the dead ones too", web.SmallBody)
	list.Middlewares = s.Door.ForService(gate.ScopeKeys)
	huma.Register(api, list, s.listKeys)
	revoke := web.Operation(http.MethodDelete, path+"/{id}", "Revoke a user's API key", web.SmallBody)
	revoke.Middlewares = s.Door.ForService(gate.ScopeKeys)
	huma.Register(api, revoke, s.revokeKey)
	rotate := web.Operation(http.MethodPost, path+"/{id}/rotate", "Replace an API key; both secrets live for a while", web.SmallBody)
	rotate.Middlewares, rotate.DefaultStatus = s.Door.ForService(gate.ScopeKeys), http.StatusCreated
	huma.Register(api, rotate, s.rotateKey)
}

func (s *Service) createKey(ctx context.Context, in *createKeyInput) (*createKeyAnswer, error) {
	caller := web.ServiceOf(ctx)
	rec, bad := wanted(caller.Realm, in)
	if bad == nil {
		bad = gate.CheckOrganization(caller, rec.Org)
	}
	if bad == nil {
		bad = mayGive(caller, rec.Scopes)
	}
	if bad == nil {
		bad = s.mayHoldKey(ctx, rec)
	}
	if bad != nil {
		return nil, bad
	}
	p, once := s.newKey(caller.Name, in.Idempotent, []any{"create", in.UserID, in.Body})
	build := func(owner apikey.Owned) (apikey.Issue, error) {
		if err := mayMake(owner); err != nil {
			return apikey.Issue{}, err
		}
		rec.Created = owner.At
		if bad := validTimes(rec); bad != nil {
			return apikey.Issue{}, bad
		}
		k := apikey.NewIssue(rec, p, s.Gate.Peppers[0])
		k.MadeBy = madeBy(caller)
		return k, nil
	}
	var issued apikey.Issued
	err := s.pastCutoff(ctx, func() (err error) {
		issued, err = s.Users.Create(ctx, rec.Realm, rec.User, build, once)
		return err
	})
	if err != nil {
		return nil, s.keyFault(ctx, err)
	}
	return s.issued(ctx, p, issued, in.Waiting, "")
}

// wanted is the record that a caller asks for.
func wanted(realm string, in *createKeyInput) (apikey.Record, *problem.Problem) {
	b := in.Body
	rec := apikey.Record{
		Realm: realm, User: in.UserID, Name: b.Name, Kind: apikey.KindUser, Generation: 1,
		Expires: secondOf(b.ExpiresAt), NotBefore: secondOf(b.NotBefore), Scopes: apikey.Scopes(strings.Join(slices.Compact(b.Scopes), " ")),
	}
	if b.OrgID != nil {
		rec.Org = apikey.Organization(*b.OrgID)
	}
	switch {
	case !gate.Plain(rec.User) || !gate.Plain(rec.Org):
		return rec, problem.Unprocessable("invalid-request", "ids are printable, without control characters")
	case redact.Secret(rec.Name, rec.Org): // a name is listed and stored as it is
		return rec, problem.SecretForID()
	}
	return rec, nil
}

func validTimes(rec apikey.Record) *problem.Problem {
	switch {
	case rec.Expires != 0 && rec.Expires <= rec.Created:
		return problem.Unprocessable("invalid-request", "expires_at has passed")
	case rec.Expires != 0 && rec.NotBefore >= rec.Expires:
		return problem.Unprocessable("invalid-request", "not_before is not before expires_at")
	}
	return nil
}

// mayHoldKey asks about the owner, and where organizations are checked about the membership.
func (s *Service) mayHoldKey(ctx context.Context, rec apikey.Record) *problem.Problem {
	if bad := s.mayOwnKeys(ctx, SystemKey{Realm: rec.Realm, User: rec.User}); bad != nil {
		return bad
	}
	if !s.Gate.IsMember(rec) {
		return notAMember()
	}
	return nil
}

func notAMember() *problem.Problem {
	return problem.New(http.StatusForbidden, "not-a-member", "", "the user is no member of that organization: PUT /v1/orgs/{org_id}/members/{user_id} first")
}

// newKey makes a key: of randomness alone, or if the request may come again of a seed that is
// kept for a day.
func (s *Service) newKey(caller string, in Idempotent, request []any) (apikey.Presented, *apikey.Once) {
	if in.Key == "" {
		var e apikey.Entropy
		_, _ = rand.Read(e.ID[:])
		_, _ = rand.Read(e.Secret[:]) // neither ever fails (crypto/rand)
		return apikey.Format(e), nil
	}
	once := onceOf(caller, in.Key, request)
	_, _ = rand.Read(once.Seed[:])
	p := apikey.FromSeed(s.Master, once.Seed)
	once.KeyID = p.ID
	return p, once
}

// issued shows a new key. A repeated request is shown the same one, derived again.
func (s *Service) issued(ctx context.Context, p apikey.Presented, k apikey.Issued, w gate.Waiting,
	replaces string,
) (*createKeyAnswer, error) {
	a := &createKeyAnswer{}
	if k.Again {
		again, ok := s.derivedFrom(k)
		if !ok {
			return nil, problem.New(http.StatusConflict, "secret-not-derivable", "", "this request was answered before, and the master secret has been replaced since: rotate the key, or make another")
		}
		p, a.Replay = again, "true"
	}
	a.Body.Key = p.Text().Reveal()
	a.Body.OwnKey = s.shown(apikey.Listed{Issue: apikey.Issue{Record: k.Record, LastFour: a.Body.Key[len(a.Body.Key)-4:], Replaces: replaces}})
	a.Body.Version = k.Version
	a.Body.Applied, a.Status = s.Gate.Enforced(ctx, w, k.Version)
	if a.Status == http.StatusOK {
		a.Status = http.StatusCreated
	}
	return a, nil
}

func (s *Service) derivedFrom(k apikey.Issued) (apikey.Presented, bool) {
	for _, m := range s.masters() {
		if p := apikey.FromSeed(m, k.Seed); s.Gate.Peppers.Matches(k.Record, p) {
			return p, true
		}
	}
	return apikey.Presented{}, false
}

// keyFault is the answer to what the keeper of keys refuses.
func (s *Service) keyFault(ctx context.Context, err error) error {
	if p := (*problem.Problem)(nil); errors.As(err, &p) {
		return p
	}
	switch {
	case errors.Is(err, ErrBlocked):
		return problem.New(http.StatusConflict, "key-blocked", "", "this key was revoked and blocked: choose another name")
	case errors.Is(err, apikey.ErrNotFound):
		return problem.New(http.StatusNotFound, "no-such-key", "", "this user has no such key")
	case errors.Is(err, apikey.ErrReused):
		return problem.Unprocessable("idempotency-key-reused", "this Idempotency-Key came with another request within 24 hours: use a new one")
	case errors.Is(err, apikey.ErrRotated):
		return problem.New(http.StatusConflict, "key-rotated", "", "another key has replaced this one already: rotate that one")
	case errors.Is(err, apikey.ErrTooMany):
		return problem.New(http.StatusConflict, "too-many-keys", "", "the user has as many live keys as one may have: revoke some")
	case events.IsReject(err):
		return problem.Unprocessable("invalid-request", "an id is too long or not printable")
	}
	return s.Gate.StoreFault(ctx, err)
}

func secondOf(t *time.Time) tokenstate.Seconds {
	if t == nil {
		return 0
	}
	return tokenstate.Seconds(max(t.Unix(), 1)) // 0 would mean that none was given
}
