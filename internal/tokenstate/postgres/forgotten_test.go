package postgres

import (
	"testing"

	"github.com/jackc/pgx/v5"
)

// Ensure a fact that the feed names and is not there is a fault, unless its scope was forgotten: then it is simply gone.
func TestALostFactIsAFault(t *testing.T) {
	for name, c := range map[string]struct {
		forgotten []Name
		fault     bool
	}{
		"lost":             {nil, true},
		"another's":        {[]Name{forgottenName("demo", "other", "", "")}, true},
		"of one forgotten": {[]Name{forgottenName("demo", "u", "", "")}, false},
	} {
		t.Run(name, func(t *testing.T) {
			s, ctx := New(newPool(t)), t.Context()
			must(t, force(ctx, s, someFacts(1)))
			_, err := Write(ctx, s.pool, func(tx pgx.Tx) ([]Name, error) {
				_, err := tx.Exec(ctx, "DELETE FROM tokenstate.fact_look")
				return append(c.forgotten, Name{KindToken, `["demo","s","app"]`}), err
			})
			must(t, err)
			news, err := s.News(ctx, 0, Readings())
			if must(t, err); (news.Gap != nil) != c.fault {
				t.Errorf("%+v", news)
			}
		})
	}
}
