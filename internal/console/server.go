package console

import (
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/rs/zerolog"
	"golang.org/x/time/rate"

	"github.com/tokenstate/tokenstate/internal/authapi/redact"
	"github.com/tokenstate/tokenstate/internal/condition"
	"github.com/tokenstate/tokenstate/internal/console/page"
)

// Config is what a console is made of.
type Config struct {
	Known    Knowledge
	Rows     Rows
	Checks   Checks
	Authapi  Authapi
	Logins   Logins
	Public   *url.URL // where people open it
	Issuer   string   // of OpenID Connect; "" without
	Version  string
	Settings []page.Setting // in force, for the set-up page
	Logger   zerolog.Logger
	Now      func() time.Time

	Pace    rate.Limit           // pages a second; 0: 50
	Samples func() []page.Sample // of the last day
	Scraped bool                 // they have what programs' metrics say
}

// Server is the console.
type Server struct {
	Config
	sessions *sessions
	attempts *attempts
	flows    flows
	building chan struct{}
	pace     *rate.Limiter
	log      condition.Latest[page.Log]
	checks   *checks
}

// Bounds of the pages that are put together at once, and in a second. More wait, and then hear 503: people
// need no more, and whoever sends more must not take the processor from decisions on the same machine.
const (
	maxBuilding  = 4
	pagesASecond = 50
	pagesAtOnce  = 100
	buildWait    = 2 * time.Second
	pageLimit    = 15 * time.Second
	maxForm      = 64 << 10
)

// New makes one.
func New(c Config) *Server {
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Pace == 0 {
		c.Pace = pagesASecond
	}
	return &Server{
		Config: c, sessions: newSessions(c.Now), attempts: newAttempts(), flows: flows{all: map[[32]byte]begun{}},
		checks:   &checks{next: make(chan string, 1)},
		building: make(chan struct{}, maxBuilding), pace: rate.NewLimiter(c.Pace, pagesAtOnce),
	}
}

// Handler serves everything.
func (s *Server) Handler() http.Handler {
	mux := http.NewServeMux()
	for _, p := range s.places() {
		mux.Handle(p.pattern, s.place(p))
	}
	mux.Handle("GET /assets/", http.StripPrefix("/assets/", http.HandlerFunc(serveAsset)))
	s.loginPlaces(mux)
	mux.Handle("/", s.place(place{"/", Nobody, func(*http.Request, Visitor) (answer, error) { return answer{}, notFound() }}))
	guard := http.NewCrossOriginProtection()
	guard.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.problem(w, r, Visitor{}, &fault{http.StatusForbidden, "This came from another site", "The console takes forms from its own pages only. Nothing was done."})
	}))
	return s.headers(s.knownHost(s.withoutSecrets(guard.Handler(mux))))
}

// withoutSecrets refuses a key in an address: it stands in histories and in proxies' logs by now. The
// answer does not repeat it.
func (s *Server) withoutSecrets(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Body = http.MaxBytesReader(w, r.Body, maxForm)
		if redact.Secret(r.URL.Path, r.URL.RawQuery) {
			s.problem(w, r, Visitor{}, &fault{
				http.StatusBadRequest, "A key stands in the address",
				"The address holds an API key or a token. It is in this browser's history now, so revoke it. Paste keys into the box of the page Why: from there only the key's id goes on.",
			})
			return
		}
		next.ServeHTTP(w, r)
	})
}

// place is one address, and the least role that may use it.
type place struct {
	pattern string
	role    Role
	answer  func(*http.Request, Visitor) (answer, error)
}

// answer is a page, a redirection or a file.
type answer struct {
	page   string // template
	title  string
	data   any
	status int    // 0: 200
	to     string // redirect there
	file   *file
	json   []byte
}

type file struct {
	name string
	rows func(write func(fields ...string) error) error
}

// fault is an answer that is not what was asked for.
type fault struct {
	status      int
	title, text string
}

func (f *fault) Error() string { return strconv.Itoa(f.status) + " " + f.title }

func notFound() error {
	return &fault{http.StatusNotFound, "There is no such page", "Check the address, or begin at the first page."}
}
