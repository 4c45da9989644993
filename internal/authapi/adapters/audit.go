package adapters

import (
	"context"

	"github.com/tokenstate/tokenstate/internal/apikey/postgres"
	"github.com/tokenstate/tokenstate/internal/authapi/audit"
)

// Acts joins the audit's rows to audit.Store.
type Acts struct{ *postgres.Store }

// WriteActs implements audit.Store.
func (a Acts) WriteActs(ctx context.Context, all []audit.Act) error {
	rows := make([]postgres.Act, len(all))
	for i, one := range all {
		rows[i] = postgres.Act(one)
	}
	return a.Store.WriteActs(ctx, rows)
}
