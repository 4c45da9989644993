// Package schema holds the database's migrations (goose); sqlc reads the same files. Schema
// changes expand, then contract: an older program must go on working beside a newer schema.
package schema

import "embed"

// FS holds the migrations, under migrations/.
//
//go:embed migrations/*.sql
var FS embed.FS

// Version is the version that this program was written for. MinCompatible is the oldest that a
// program beside it may have been written for: raise it with a migration that takes away what older
// programs use.
const (
	Version       = 75
	MinCompatible = 72
)
