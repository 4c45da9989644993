package projection

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/tokenstate/tokenstate/internal/apikey"
	"github.com/tokenstate/tokenstate/internal/events"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

// keptWriter writes a snapshot as it is shown: the header, and then one entry after another.
type keptWriter struct {
	*wire

	at      time.Time
	status  Status
	version int64
}

func (k *keptWriter) kind(b byte) { k.byte(&b) }

// Begin implements Taker.
func (k *keptWriter) Begin(version int64, nonce string) {
	k.version = version
	forms, err := entryForms()
	k.fail(err)
	header, err := json.Marshal(keptHeader{keptFormat, forms, events.Millis(k.at.UnixMilli()), k.status, version, nonce})
	k.fail(err)
	k.uint(uint64(len(header)))
	k.raw(header)
}

// Fact implements Taker.
func (k *keptWriter) Fact(r tokenstate.Row) {
	switch r := r.(type) {
	case *tokenstate.StandingRow:
		k.kind(entryStanding)
		k.standing(r)
	case *tokenstate.LookRow:
		k.kind(entryLook)
		k.look(r)
	case *tokenstate.SightingRow:
		k.kind(entrySighting)
		k.sighting(r)
	case *tokenstate.RefusalRow:
		k.kind(entryRefusal)
		k.refusal(r)
	case *tokenstate.CutoffRow:
		k.kind(entryCutoff)
		k.cutoff(r)
	case *tokenstate.PardonRow:
		k.kind(entryPardon)
		k.pardon(r)
	case *tokenstate.DoubtRow:
		k.kind(entryDoubt)
		k.doubt(r)
	default:
		k.fail(fmt.Errorf("a fact of kind %s has no form in a snapshot", r.Kind()))
	}
}

// Token implements Taker.
func (k *keptWriter) Token(t Token) { k.kind(entryToken); k.token(&t) }

// Key implements Taker.
func (k *keptWriter) Key(r apikey.Record) { k.kind(entryKey); k.key(&r) }

// ServiceKey implements Taker.
func (k *keptWriter) ServiceKey(s ServiceKey) { k.kind(entryServiceKey); k.serviceKey(&s) }

// Member implements Taker.
func (k *keptWriter) Member(m apikey.Member) { k.kind(entryMember); k.member(&m) }

// end says that it was all.
func (k *keptWriter) end() error {
	k.kind(entryEnd)
	k.fail(k.out.Flush())
	if k.err != nil {
		return fmt.Errorf("write a snapshot: %w", k.err)
	}
	return nil
}
