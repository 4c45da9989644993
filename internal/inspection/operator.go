package inspection

import (
	"context"
	"fmt"
	"io"
	"maps"
	"sync"
	"time"

	"github.com/rs/zerolog"

	"github.com/tokenstate/tokenstate/internal/doctor"
	"github.com/tokenstate/tokenstate/internal/recovery"
	"github.com/tokenstate/tokenstate/internal/tokenstate/postgres"
	"github.com/tokenstate/tokenstate/internal/workerconfig"
)

// Operator gathers for doctor, with an operator's rights.
type Operator struct {
	Config *workerconfig.Config
	Store  *postgres.Store
	// State is what the verdicts are made of now.
	State  func(context.Context) (recovery.State, error)
	Logger zerolog.Logger
}

// Bounds of doctor's parts. Each has its own, so that a part that does not answer takes no time from
// the others, nor is blamed on them. NATS answers a forbidden trial with silence, which takes 2 s each;
// the database gives everything that verdicts are made of.
const (
	databaseLimit = time.Minute
	natsLimit     = 20 * time.Second
	keycloakLimit = 20 * time.Second
	answerLimit   = 5 * time.Second // for NATS to answer anything at all
)

// Look gathers all that can be asked, also about realm ("": none by name). What cannot is a finding of its own. progress is told of each
// part as it ends: a part that is away is silent for as long as its bound.
func (o *Operator) Look(ctx context.Context, progress io.Writer, realm string) doctor.Seen {
	progress = &oneAtATime{w: progress}
	log := Unseen(o.Config) // of its own, for it is asked beside the others
	asked := make(chan struct{})
	go func() {
		defer close(asked)
		part(ctx, progress, "nats", natsLimit, &log, func(ctx context.Context) error { return o.log(ctx, &log) })
	}()
	s, realms := Unseen(o.Config), map[string]doctor.Realm{}
	part(ctx, progress, "postgres", databaseLimit, &s, func(ctx context.Context) error {
		counted, err := o.database(ctx, &s)
		if err == nil {
			realms = counted
		}
		return err
	})
	part(ctx, progress, "keycloak", keycloakLimit, &s, func(ctx context.Context) error { return o.keycloak(ctx, &s, realm, realms) })
	<-asked
	s.Stream, s.Sync, s.Rights, s.Logins = log.Stream, log.Sync, log.Rights, log.Logins
	maps.Copy(s.Unasked, log.Unasked)
	return s
}

// oneAtATime lets the parts write beside each other.
type oneAtATime struct {
	sync.Mutex
	w io.Writer
}

func (o *oneAtATime) Write(p []byte) (int, error) {
	o.Lock()
	defer o.Unlock()
	return o.w.Write(p)
}

func part(ctx context.Context, progress io.Writer, name string, limit time.Duration, s *doctor.Seen, ask func(context.Context) error) {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	word := "asked"
	if err := ask(ctx); err != nil {
		s.Unasked[name], word = err.Error(), "could not be asked"
	}
	_, _ = fmt.Fprintf(progress, "doctor: %s %s\n", name, word)
}
