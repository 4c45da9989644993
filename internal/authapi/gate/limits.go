package gate

import (
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/tokenstate/tokenstate/internal/apikey"
	"github.com/tokenstate/tokenstate/internal/authapi/problem"
)

// maxBuckets of each generation: at most twice as many are held, about 20 MB.
const maxBuckets = 50_000

// Limits are token buckets: of each key, and of each address for failures. The zero rates limit
// nothing.
type Limits struct {
	Trusted []netip.Prefix // proxies whose X-Forwarded-For is believed

	keys, failures buckets
}

// NewLimits takes rates a second; bursts are of two seconds for keys, and of twenty for
// failures: a client that starts with an old key must be able to try some requests.
func NewLimits(keys, failures int, trusted []netip.Prefix) *Limits {
	return &Limits{
		Trusted: trusted,
		keys:    buckets{rate: rate.Limit(keys), burst: 2 * keys}, failures: buckets{rate: rate.Limit(failures), burst: 20 * failures},
	}
}

// buckets forgets the ones that were not used for longest, in generations.
type buckets struct {
	rate  rate.Limit
	burst int

	mu       sync.Mutex
	now, old map[string]*rate.Limiter
}

func (b *buckets) of(name string) *rate.Limiter {
	b.mu.Lock()
	defer b.mu.Unlock()
	if l := b.now[name]; l != nil {
		return l
	}
	if b.now == nil || len(b.now) >= maxBuckets {
		b.old, b.now = b.now, map[string]*rate.Limiter{}
	}
	l := b.old[name]
	if l == nil {
		l = rate.NewLimiter(b.rate, b.burst)
	}
	b.now[name] = l
	return l
}

// take takes one token, or says how long there is none.
func (b *buckets) take(name string, now time.Time) (time.Duration, bool) {
	if b.rate == 0 {
		return 0, true
	}
	l := b.of(name)
	if l.AllowN(now, 1) {
		return 0, true
	}
	r := l.ReserveN(now, 1)
	defer r.CancelAt(now)
	return r.DelayFrom(now), false
}

func (b *buckets) empty(name string, now time.Time) bool {
	return b.rate != 0 && b.of(name).TokensAt(now) < 1
}

// limitKey bounds what one key may ask. The secret has matched: nobody else can use it up.
func (g *Gate) limitKey(id string) *problem.Problem {
	if g.Limits == nil {
		return nil
	}
	if wait, ok := g.Limits.keys.take(id, g.LocalTime()); !ok {
		return problem.TooMany(wait, "this key asks too often: slow down")
	}
	return nil
}

// Failed is the answer to a credential that is not known, and from an address that sent too
// many of them. Keys that are known pass from there all the same: behind one address are many.
func (g *Gate) Failed(r *http.Request, p *problem.Problem) *problem.Problem {
	if g.Limits == nil || !presented(r.Header) {
		return p
	}
	if wait, ok := g.Limits.failures.take(g.Limits.bucketOf(r), g.LocalTime()); !ok {
		return problem.TooMany(wait, "too many credentials that are not known came from this address: wait")
	}
	return p
}

// BadSender is the answer to a logout token that is none, which counts as a credential that is not known. Good ones are
// taken from there all the same: Keycloak may be behind the same address.
func (g *Gate) BadSender(r *http.Request, p *problem.Problem) *problem.Problem {
	if g.Limits == nil {
		return p
	}
	if wait, ok := g.Limits.failures.take(g.Limits.bucketOf(r), g.LocalTime()); !ok {
		return problem.TooMany(wait, "too many logout tokens that are none came from this address: wait")
	}
	return p
}

// limitLookUp refuses to ask the database about a key that memory lacks, for an address that sent
// too many unknown ones: they would use up the look-ups of all. The key may be good, so it is no 401.
func (g *Gate) limitLookUp(r *http.Request, p apikey.Presented) *problem.Problem {
	if g.Limits == nil || g.remembers(p) || !g.Limits.failures.empty(g.Limits.bucketOf(r), g.LocalTime()) {
		return nil
	}
	return problem.TooMany(time.Second, "too many credentials that are not known came from this address: wait")
}

func (g *Gate) remembers(p apikey.Presented) bool {
	if p.Legacy() {
		return g.Known.HasDigest(g.digests(p))
	}
	return g.Known.HasKey(p.ID)
}

func presented(h http.Header) bool {
	for _, from := range keySources {
		if len(h.Values(from.name)) > 0 {
			return true
		}
	}
	return len(h.Values(HeaderService)) > 0
}

// bucketOf names a caller's address: of IPv6 the network, since one host has all of it.
func (l *Limits) bucketOf(r *http.Request) string {
	a := l.address(r)
	if a.Is6() {
		p, _ := a.Prefix(64) // 64 is within bounds
		return p.String()
	}
	return a.String()
}

// address is the peer's, or what a trusted proxy says, read from the right: everything to the
// left of the first address that is no proxy of ours was written by the caller.
func (l *Limits) address(r *http.Request) netip.Addr {
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	at := peer.Addr().Unmap().WithZone("")
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for i := len(hops) - 1; i >= 0 && l.trusts(at); i-- {
		hop, err := hopOf(strings.TrimSpace(hops[i]))
		if err != nil {
			return at
		}
		at = hop.Unmap().WithZone("")
	}
	return at
}

// hopOf reads an address; some proxies add the port.
func hopOf(s string) (netip.Addr, error) {
	if a, err := netip.ParseAddrPort(s); err == nil {
		return a.Addr(), nil
	}
	return netip.ParseAddr(s)
}

func (l *Limits) trusts(a netip.Addr) bool {
	for _, p := range l.Trusted {
		if p.Contains(a) {
			return true
		}
	}
	return false
}
