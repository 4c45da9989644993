package projection

import (
	"errors"
	"io"

	"github.com/tokenstate/tokenstate/internal/events"
)

// Keeper keeps one snapshot outside of the database: whole, or the one before it.
type Keeper interface {
	// Keep keeps what write writes, unless that ends in an error.
	Keep(write func(io.Writer) error) error
	Kept() (io.ReadCloser, error) // nil if there is none
}

// keptFormat is of the bytes below; another one is not read.
const keptFormat = 3

// keptHeader says which state a kept snapshot is of. At is when the database had it, by our clock.
type keptHeader struct {
	Format  int           `json:"Format"`
	Forms   string        `json:"Forms"` // of the entries
	At      events.Millis `json:"At"`
	Status  Status        `json:"Status"`
	Version int64         `json:"Version"`
	Nonce   string        `json:"Nonce"`
}

var errKept = errors.New("the snapshot on disk cannot be read: it is damaged, or of another version of this program")
