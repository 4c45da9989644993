package consoletest

import (
	"context"

	"github.com/tokenstate/tokenstate/internal/apikey"
	"github.com/tokenstate/tokenstate/internal/events"
	"github.com/tokenstate/tokenstate/internal/hearing"
	"github.com/tokenstate/tokenstate/internal/projection"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

// source is a state that nobody changes.
type source struct {
	facts  tokenstate.Facts
	tokens []projection.Token
	at     events.Millis
	silent bool // Keycloak was never heard
}

func (s *source) Snapshot(_ context.Context, to projection.Taker) error {
	(&projection.Snapshot{Version: 1, Nonce: "n", Facts: s.facts, Tokens: s.tokens}).Show(to)
	return nil
}

func (s *source) News(ctx context.Context, after int64) (projection.News, error) {
	status, err := s.Status(ctx)
	return projection.News{Status: status, Was: "n", Now: projection.Version{Version: after, Nonce: "n"}}, err
}

func (s *source) Status(context.Context) (projection.Status, error) {
	st := projection.Status{Epoch: 1, History: "h", Confirmed: !s.silent, Rules: tokenstate.DefaultRules(), Now: s.at}
	if !s.silent {
		st.Beats = []hearing.Beat{
			{Node: "keycloak-1", At: s.at - 1000, Received: s.at - 1000},
			{Node: "keycloak-2 <b>", At: s.at - 4000, Received: s.at - 1500, Queued: 3, Oldest: s.at - 2000},
		}
	}
	return st, nil
}

func (*source) Wait(ctx context.Context, _ int64, _ <-chan struct{}) error {
	<-ctx.Done()
	return ctx.Err()
}

func (*source) FindKey(context.Context, string) (apikey.Record, bool, error) {
	return apikey.Record{}, false, nil
}

func (*source) FindLegacy(context.Context, []apikey.Sum) ([]apikey.Record, error) { return nil, nil }
