package adapters

import (
	"context"

	"github.com/tokenstate/tokenstate/internal/authapi/notices"
	"github.com/tokenstate/tokenstate/internal/tokenstate/postgres"
)

// Notices joins the rows that the worker writes to notices.Store.
type Notices struct{ postgres.Notices }

// NoticesAfter reads those of a realm that follow a place.
func (n Notices) NoticesAfter(ctx context.Context, realm string, after int64, most int) ([]notices.Notice, error) {
	found, err := n.Notices.NoticesAfter(ctx, realm, after, most)
	if err != nil {
		return nil, err
	}
	all := make([]notices.Notice, len(found))
	for i, f := range found {
		all[i] = notices.Notice(f)
	}
	return all, nil
}
