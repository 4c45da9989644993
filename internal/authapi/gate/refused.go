package gate

import (
	"context"

	"github.com/tokenstate/tokenstate/internal/apikey"
	"github.com/tokenstate/tokenstate/internal/authapi/problem"
	"github.com/tokenstate/tokenstate/internal/authapi/refusals"
)

type requestKey struct{}

type request struct{ id, method string }

// WithRequest puts a request's id where refusals and the log find it. method is "" where a gateway asks.
func WithRequest(ctx context.Context, id, method string) context.Context {
	return context.WithValue(ctx, requestKey{}, &request{id, method})
}

func requestOf(ctx context.Context) (id string) {
	if r, ok := ctx.Value(requestKey{}).(*request); ok {
		id = r.id
	}
	return id
}

// RefuseHolder is for a call that refuses a key, the holder of an admitted one what they may not do, or a backend
// what a user's token no longer gives: rec has the realm and the user then.
func (g *Gate) RefuseHolder(ctx context.Context, rec apikey.Record, bad *problem.Problem) {
	g.refused(ctx, refusals.HTTP, rec, bad)
}

// refused tells the caller which key it was, and remembers the refusal for whoever is asked why. rec is zero
// until the key's secret has matched.
func (g *Gate) refused(ctx context.Context, door refusals.Door, rec apikey.Record, bad *problem.Problem) {
	bad.KeyID = rec.ID
	times, say := g.Refusals.Add(refusals.Refusal{
		At: g.LocalTime(), Request: requestOf(ctx), Door: door, Status: bad.Status, Reason: bad.Reason, EventID: bad.EventID,
		Key: rec.ID, User: rec.User, Org: rec.Org, Realm: rec.Realm,
	})
	if !say {
		return
	}
	g.Log(ctx).Info().Str("door", string(door)).Str("reason", bad.Reason).Int("status", bad.Status).Str("event", bad.EventID).
		Str("key", rec.ID).Str("user", rec.User).Str("org", rec.Org).Str("realm", rec.Realm).Int("times", times).
		Msg("refused; the log has one line a minute for a key and a reason, GET /v1/refusals has each time")
}
