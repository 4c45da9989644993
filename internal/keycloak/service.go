package keycloak

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/Nerzal/gocloak/v13"
)

// account is our client's service account: it fetches an access token by client
// credentials, keeps it until shortly before it ends, and fetches another one
// if Keycloak answers 401 before that (a restart, a rotated key, a cut).
type account struct {
	*conn
	turn chan struct{} // one fetch at a time; a channel, so that waiting honours the context
	now  ticket
}

// ticket is an access token and what it tells of Keycloak's clock.
//
// Looks must be dated by Keycloak's clock, but Keycloak sends no Date header
// (measured on 26.7.3), and one that a proxy added is the proxy's clock. What it
// does send is the iat of our own access token: the second in which it was
// issued, cut down, and issued before we got it. So iat plus the time since we
// got it is never later than Keycloak's clock, by one second and one answer's
// travel at most earlier; our clock measures the length only.
type ticket struct {
	token string
	iat   time.Time
	got   time.Time     // monotonic
	took  time.Duration // from our asking for it until we had it
	until time.Time     // fetch another one from then on
}

// keycloak gives Keycloak's clock at our instant t, or a little earlier: by no more than late.
func (k ticket) keycloak(t time.Time) time.Time {
	return k.iat.Add(t.Sub(k.got)).Truncate(time.Millisecond).UTC()
}

func (k ticket) late() time.Duration { return time.Second + k.took }

// tokenMargin is kept before a token's end: clock drift and the call itself.
const tokenMargin = 10 * time.Second

// ticketAge bounds how long one ticket dates looks: a step of Keycloak's clock
// (NTP) is not seen before the next one.
const ticketAge = time.Minute

func newAccount(c *conn) *account { return &account{conn: c, turn: make(chan struct{}, 1)} }

// bearer gives a ticket whose token is not the one called stale.
func (s *account) bearer(ctx context.Context, stale string) (ticket, error) {
	select {
	case s.turn <- struct{}{}:
		defer func() { <-s.turn }()
	case <-ctx.Done():
		return ticket{}, &UnavailableError{Call: "service account login", Reason: "given up", Cause: ctx.Err(), ours: true}
	}
	if s.now.token != "" && s.now.token != stale && time.Now().Before(s.now.until) {
		return s.now, nil
	}
	var jwt gocloak.JWT
	a, err := s.form(ctx, spec{name: "service account login", want: object, reads: true}, "token",
		map[string]string{"grant_type": "client_credentials"}, &jwt)
	switch {
	case err != nil:
		return ticket{}, err
	case a.status >= 300:
		return ticket{}, a.unknown("our client cannot log in; check its id, its secret and that its service account is on")
	}
	_, payload, _ := strings.Cut(jwt.AccessToken, ".")
	payload, _, _ = strings.Cut(payload, ".")
	iat := members(payload).number("iat") // not verified: it came from Keycloak directly
	if iat <= 0 {
		return ticket{}, a.unknown("no access token with an iat in the answer")
	}
	got := time.Now()
	life := min(time.Duration(jwt.ExpiresIn)*time.Second-tokenMargin, ticketAge)
	s.now = ticket{token: jwt.AccessToken, iat: time.Unix(iat, 0), got: got, took: got.Sub(a.start), until: got.Add(life)}
	return s.now, nil
}

// as makes a call with our token, and once more with a fresh one on 401.
func (s *account) as(ctx context.Context, sp spec, fn func(ctx context.Context, token string) error) (*answer, error) {
	stale := ""
	for {
		k, err := s.bearer(ctx, stale)
		if err != nil {
			return nil, err
		}
		a, err := s.do(ctx, sp, func(ctx context.Context) error { return fn(ctx, k.token) })
		if a != nil {
			a.at, a.late = k.keycloak(a.start), k.late()
			if a.status == http.StatusUnauthorized && stale == "" {
				stale = k.token
				continue
			}
		}
		return a, err
	}
}

// get reads a resource for which gocloak has no call, or one that drops what we
// need: GET {base}/admin/realms/{segs...}?query into out. segs must be escaped.
func (s *account) get(ctx context.Context, sp spec, query map[string][]string, out any, segs ...string) (*answer, error) {
	sp.reads = true
	return s.as(ctx, sp, func(ctx context.Context, token string) error {
		var url strings.Builder
		url.WriteString(s.cfg.BaseURL + "/admin/realms")
		for _, seg := range segs {
			url.WriteString("/" + seg)
		}
		_, err := s.g.GetRequestWithBearerAuth(ctx, token).SetQueryParamsFromValues(query).SetResult(out).Get(url.String())
		return err
	})
}
