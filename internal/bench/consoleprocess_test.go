package bench

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/rs/zerolog"

	keys "github.com/tokenstate/tokenstate/internal/apikey/postgres"
	"github.com/tokenstate/tokenstate/internal/console"
	"github.com/tokenstate/tokenstate/internal/console/adapters"
	"github.com/tokenstate/tokenstate/internal/console/page"
	"github.com/tokenstate/tokenstate/internal/console/upstream"
	"github.com/tokenstate/tokenstate/internal/projection"
	"github.com/tokenstate/tokenstate/internal/projection/pgsource"
	"github.com/tokenstate/tokenstate/internal/secret"
	"github.com/tokenstate/tokenstate/internal/tokenstate/postgres"
)

const consoleSays = "the console is at "

// process is a console, and who asks for its pages: seven megabytes of tokens.csv are not to be read by the processor
// that decides.
type process struct {
	b    *bench
	run  *exec.Cmd
	to   io.WriteCloser
	from *bufio.Scanner
	also []string // that it has said
}

// consoleProcess starts this program once more, as a console alone.
func (b *bench) consoleProcess(database, authapi string) *process {
	b.Helper()
	c := exec.CommandContext(b.Context(), os.Args[0], "-test.run=^TestConsoleProcess$", "-test.v")
	c.Env = append(os.Environ(), "BENCH_CONSOLE_DATABASE="+database, "BENCH_CONSOLE_AUTHAPI="+authapi)
	c.Stderr = os.Stderr
	in, err := c.StdinPipe()
	b.must(err)
	out, err := c.StdoutPipe()
	b.must(err)
	b.must(c.Start())
	p := &process{b: b, run: c, to: in, from: bufio.NewScanner(out)}
	p.heard("rest")
	return p
}

// say has it click, spin or rest, and waits until it does.
func (p *process) say(what string) {
	p.b.Helper()
	_, err := fmt.Fprintln(p.to, what)
	p.b.must(err)
	p.heard(what)
}

func (p *process) heard(what string) {
	p.b.Helper()
	for p.from.Scan() {
		if p.from.Text() == consoleSays+what {
			return
		}
		p.also = append(p.also, p.from.Text())
	}
	p.b.Fatalf("the console has ended: %v\n%s", p.run.Wait(), strings.Join(p.also, "\n"))
}

func (p *process) end() {
	_ = p.to.Close()
	for p.from.Scan() {
		p.also = append(p.also, p.from.Text())
	}
	if err := p.run.Wait(); err != nil {
		p.b.Errorf("the console: %v\n%s", err, strings.Join(p.also, "\n"))
	}
}

// follow is a replica that has loaded.
func (b *bench) follow(pool *pgxpool.Pool) *projection.Projection {
	b.Helper()
	source := pgsource.New(pool, time.Second)
	b.Cleanup(source.Close)
	known := projection.New(source, projection.Options{LoadLimit: 1 << 40}, zerolog.Nop())
	b.running(known.Run)
	b.must(known.WaitVersion(b.Context(), 1))
	return known
}

// TestConsoleProcess is the console of consoleProcess. It ends with its standard input.
func TestConsoleProcess(t *testing.T) {
	address := os.Getenv("BENCH_CONSOLE_DATABASE")
	if address == "" {
		t.Skip("the console's part of make bench")
	}
	b := &bench{T: t}
	pool := b.pool(address, 8)
	var s *console.Server
	pages := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { s.Handler().ServeHTTP(w, r) }))
	defer pages.Close()
	at, err := url.Parse(pages.URL)
	b.must(err)
	store, held := postgres.New(pool), keys.New(pool)
	s = console.New(console.Config{
		Known: b.follow(pool), Rows: adapters.Rows{Store: store, Held: held}, Checks: adapters.Checks{Store: store, Held: held},
		Authapi: &upstream.Authapi{URL: os.Getenv("BENCH_CONSOLE_AUTHAPI"), Credential: secret.New("none"), OfRealm: "demo"},
		Logins:  console.Logins{Open: true}, Public: at, Logger: zerolog.Nop(), Samples: func() []page.Sample { return nil },
	})
	says := func(what string) { fmt.Println(consoleSays + what) } //nolint:forbidigo // to who has started us
	stop := func() {}
	defer func() { stop() }()
	says("rest")
	for asked := bufio.NewScanner(os.Stdin); asked.Scan(); {
		stop()
		switch asked.Text() {
		case "click":
			stop = b.clicking(pages.URL)
		case "spin":
			stop = spinning()
		default:
			stop = func() {}
		}
		says(asked.Text())
	}
}
