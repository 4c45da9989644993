package admin

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/tokenstate/tokenstate/internal/authapi/gate"
	"github.com/tokenstate/tokenstate/internal/authapi/web"
	"github.com/tokenstate/tokenstate/internal/condition"
)

// LogState reads how far the log is applied. The call is bounded by its context.
type LogState interface {
	LogState(context.Context) (condition.Log, error)
}

// statusBody is what the console's first page says, for programs.
type statusBody struct {
	Level      condition.Level `json:"level" enum:"good,warn,bad"`
	Sentence   string          `json:"sentence" doc:"the same for people"`
	At         time.Time       `json:"at" doc:"by the database's clock"`
	KnownUntil *time.Time      `json:"known_until" doc:"up to then Keycloak is known completely; null: it was never heard"`
	AgeMS      *int64          `json:"age_ms" doc:"how long ago that is"`
	Checks     []statusCheck   `json:"checks"`
	Nodes      []statusNode    `json:"nodes" doc:"of Keycloak"`
	Log        *statusLog      `json:"log,omitempty" doc:"missing: the database has not answered since this replica started"`
}

type statusCheck struct {
	Name  string          `json:"name"`
	Level condition.Level `json:"level" enum:"good,warn,bad"`
	Found string          `json:"found"`
	Means string          `json:"means"`
}

type statusNode struct {
	Name    string          `json:"name"`
	Level   condition.Level `json:"level" enum:"none,good,warn,bad" doc:"none: it has left"`
	State   string          `json:"state"`
	HeardAt time.Time       `json:"heard_at"`
	Queued  int             `json:"queued" doc:"events that wait there for NATS"`
	Dropped int64           `json:"dropped" doc:"events that it could not keep; the event store and looks bring them"`
}

type statusLog struct {
	Seq          uint64        `json:"applied_seq" doc:"of the log's messages"`
	Worker       *string       `json:"worker" doc:"the machine of the last active one; null: none ever was"`
	WorkerActive bool          `json:"worker_active"`
	Parked       int64         `json:"parked" doc:"messages that could not be read"`
	Waiting      int64         `json:"orders_waiting" doc:"they act already; the log does not have them yet"`
	Verified     *verifiedBody `json:"verified,omitempty" doc:"the last revocation-worker verify; missing: none was noted"`
}

type verifiedBody struct {
	At    time.Time `json:"at"`
	By    string    `json:"by"`
	Sound bool      `json:"sound" doc:"facts, journal, view and feed agree"`
	Found string    `json:"found"`
}

type statusAnswer struct{ Body statusBody }

// status says whether what the other calls answer may be relied on. It answers while the database is away, too; while no answer
// may be relied on it is 503 as they are, and says why.
func (s *Service) status(api huma.API) {
	op := web.Operation(http.MethodGet, "/v1/status", "Whether all is right: how old the knowledge is, who works, what is stuck", web.SmallBody)
	op.Middlewares = s.Door.ForService(gate.ScopeExplain)
	huma.Register(api, op, func(ctx context.Context, _ *struct{}) (*statusAnswer, error) {
		return &statusAnswer{s.statusOf(s.seen(ctx, web.ServiceOf(ctx).Realm))}, nil
	})
}

func (s *Service) seen(ctx context.Context, realm string) condition.Seen {
	known := s.Gate.Known
	seen := condition.Seen{Now: known.Now().UTC(), Nodes: known.Nodes()}
	if ok, why := known.Ready(); !ok {
		seen.NotReady = why
	}
	if until := known.KnownUntil(); until > 0 {
		seen.KnownUntil = until.Time().UTC()
	}
	log, _, err := s.log.Get(ctx, time.Now(), s.LogState.LogState)
	if err != nil {
		s.Gate.Log(ctx).Warn().Err(err).Msg("how far the log is applied cannot be read now")
	}
	if seen.Stale = err != nil; log != nil {
		own := log.Of(func(name string) bool { return name == realm }) // what realms there are besides is not the caller's to know
		seen.Log = &own
	}
	return seen
}

func (s *Service) statusOf(seen condition.Seen) statusBody {
	c := condition.Of(seen)
	b := statusBody{
		Level: c.Mark.Level, Sentence: c.Sentence, At: seen.Now, Checks: []statusCheck{}, Nodes: []statusNode{},
	}
	if !seen.KnownUntil.IsZero() {
		age := seen.Now.Sub(seen.KnownUntil).Milliseconds()
		b.KnownUntil, b.AgeMS = &seen.KnownUntil, &age
	}
	for _, t := range c.Tiles {
		b.Checks = append(b.Checks, statusCheck{t.Name, t.Mark.Level, t.Value, t.Means})
	}
	for _, n := range c.Nodes {
		b.Nodes = append(b.Nodes, statusNode{n.Name, n.Mark.Level, n.Mark.Word, n.Heard, n.Queued, n.Dropped})
	}
	if l := seen.Log; l != nil {
		b.Log = &statusLog{
			Seq: l.Seq, Worker: web.Text(l.Worker), WorkerActive: l.Active(seen.Now), Parked: l.Parked, Waiting: l.Waiting,
		}
		if v := l.Verified; !v.At.IsZero() {
			b.Log.Verified = &verifiedBody{v.At, v.By, v.Sound, v.Found}
		}
	}
	return b
}
