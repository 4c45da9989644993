package keycloak

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"
)

// Resource is the read-only resource that the jar of tokenstate adds to Keycloak. It reads the
// database and nothing else: unlike the admin API it fills no cache and asks no user store, so
// looking changes nothing. Safe for concurrent use.
//
// Some nodes behind a load balancer may have the jar and others not, and it may come and go with a
// roll-out. So every method may answer that there is no resource (NotOffered), and its caller then
// asks the admin API.
type Resource struct {
	account *account
	turn    chan struct{} // one question about the offer at a time; a channel, so that waiting honours the context
	offer   offer
}

// offer is whether the resource was there when it was last asked for.
type offer struct {
	err   error // nil: it was
	asked bool
	until time.Time
}

// How long an offer holds, and how soon it is asked for again after a fault.
const (
	offerAge   = time.Minute
	offerRetry = 5 * time.Second
)

// What NotOffered tells from faults.
var (
	// ErrNoResource: a Keycloak without the jar, or with an older one.
	ErrNoResource = errors.New("Keycloak does not offer tokenstate's read-only resource, which the newest listener jar brings") //nolint:staticcheck // a name
	// ErrNotReader: it has one, and refuses us.
	ErrNotReader = errors.New("Keycloak's tokenstate resource refuses the worker: give its service account the realm role " + //nolint:staticcheck // a name
		ReaderRole + " of the administrators' realm; `revocation-worker setup` does it")
)

// ErrUnreadable is the Cause where the resource answers that it cannot read what it was asked about,
// such as a user whose store is away. Keycloak itself is there: others can be asked about.
var ErrUnreadable = errors.New("not readable at the moment")

// ReaderRole is the realm role of the administrators' realm that the resource asks for.
const ReaderRole = "tokenstate-reader"

// NotOffered reports whether err says that there is no resource for us, so that the admin API is to
// be asked. Everything else is a fault, of which nothing follows.
func NotOffered(err error) bool { return errors.Is(err, ErrNoResource) || errors.Is(err, ErrNotReader) }

// Resource is the resource of the same Keycloak, asked by the same account.
func (a *Admin) Resource() *Resource {
	return &Resource{account: a.account, turn: make(chan struct{}, 1)}
}

// About is what one node says of its resource.
type About struct {
	Version string // of the jar
	API     int
	Node    string
	Server  string // Keycloak's version
}

// About asks a node whether it offers the resource: NotOffered, or a fault.
func (r *Resource) About(ctx context.Context) (About, error) {
	var got struct {
		Version string `json:"version"`
		Node    string `json:"node"`
		Server  string `json:"server"`
		API     int    `json:"api"`
	}
	ans, err := r.ask(ctx, question{name: "tokenstate resource", path: "about"})
	if err != nil {
		return About{}, err
	}
	if json.Unmarshal(ans.body, &got) != nil || got.API < 1 || got.Node == "" {
		return About{}, ans.unknown("the resource does not say which version it is")
	}
	return About{Version: tidy(got.Version, 64), API: got.API, Node: tidy(got.Node, 64), Server: tidy(got.Server, 64)}, nil
}

// Offered is nil where the resource was there a moment ago. A fault of the question changes nothing
// about the last answer: a Keycloak that is away for a second has not lost its jar, and to ask its
// admin API meanwhile would fill its caches.
func (r *Resource) Offered(ctx context.Context) error {
	select {
	case r.turn <- struct{}{}:
		defer func() { <-r.turn }()
	case <-ctx.Done():
		return &UnavailableError{Call: "tokenstate resource", Reason: "given up", Cause: ctx.Err(), ours: true}
	}
	if time.Now().Before(r.offer.until) {
		return r.offer.err
	}
	_, err := r.About(ctx)
	switch {
	case err == nil || NotOffered(err):
		r.offer = offer{err, true, time.Now().Add(offerAge)}
	case callersFault(ctx):
		return err
	case !r.offer.asked:
		return fmt.Errorf("%w: %w", ErrNoResource, err)
	default:
		r.offer.until = time.Now().Add(offerRetry)
	}
	return r.offer.err
}

// failed has the offer asked for again soon.
func (r *Resource) failed(err error) {
	r.turn <- struct{}{}
	defer func() { <-r.turn }()
	now := time.Now()
	switch soon := now.Add(offerRetry); {
	case errors.Is(err, ErrNotReader):
		r.offer = offer{err, true, now.Add(offerAge)}
	case !NotOffered(err) && r.offer.until.After(soon): // of several nodes one may lack the jar: the others are asked on
		r.offer.until = soon
	}
}

// question is one call of the resource: a GET, or with a body a POST, which changes nothing either.
type question struct {
	name, path string
	query      map[string][]string
	body       any
}

// read asks the resource if it is offered.
func (r *Resource) read(ctx context.Context, q question) (*answer, error) {
	if err := r.Offered(ctx); err != nil {
		return nil, err
	}
	ans, err := r.ask(ctx, q)
	if err != nil && !errors.Is(err, ErrNotFound) {
		r.failed(err)
	}
	return ans, err
}

// saysGone: what was asked about is not there. Any other 404 says that the resource is not.
func (a *answer) saysGone() bool {
	code, _ := a.oauthError()
	return code == "client-gone" || code == "realm-gone"
}

func (r *Resource) ask(ctx context.Context, q question) (*answer, error) {
	url := r.account.cfg.BaseURL + "/realms/" + r.account.realmSeg + "/tokenstate/v1/" + q.path
	ans, err := r.account.as(ctx, spec{name: q.name, want: object, reads: true, ours: true},
		func(ctx context.Context, token string) (err error) {
			req := r.account.g.GetRequestWithBearerAuth(ctx, token).SetQueryParamsFromValues(q.query)
			if q.body == nil {
				_, err = req.Get(url)
			} else {
				_, err = req.SetBody(q.body).Post(url)
			}
			return err
		})
	switch {
	case err != nil:
		return nil, noJSON(ans, err)
	case ans.status == http.StatusNotFound && ans.saysGone():
		return nil, ErrNotFound
	case ans.status == http.StatusNotFound:
		return nil, ErrNoResource
	case ans.status == http.StatusForbidden:
		return nil, ErrNotReader
	case ans.status == http.StatusServiceUnavailable:
		u := ans.unknown("the tokenstate resource cannot read it now")
		u.Cause = ErrUnreadable
		return nil, u
	case ans.status >= 300:
		return nil, ans.unknown("the tokenstate resource refuses the request")
	}
	return ans, nil
}

// noJSON: a proxy that hides the path answers 403 or 404 with a page of its own, which says no more
// than that there is no resource this way.
func noJSON(ans *answer, err error) error {
	if ans != nil && (ans.status == http.StatusNotFound || ans.status == http.StatusForbidden) {
		return fmt.Errorf("%w: %w", ErrNoResource, err)
	}
	return err
}
