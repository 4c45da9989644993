package projection

import (
	"encoding/json"

	"github.com/tokenstate/tokenstate/internal/apikey"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

// The entries of a kept snapshot: what kind one is of, and then all that it says. An order that changes here, or anything
// else that the golden file shows, is another keptFormat. What an entry says is in its form, too.
const (
	entryEnd byte = iota
	entryStanding
	entryLook
	entrySighting
	entryRefusal
	entryCutoff
	entryPardon
	entryDoubt
	entryToken
	entryKey
	entryServiceKey
	entryMember
)

// entryForms has the names of all that entries say. A file with other ones was written by another version of this program,
// and is not read: what it lacks would be taken for nothing.
func entryForms() (string, error) {
	b, err := json.Marshal([]any{
		tokenstate.StandingRow{},
		tokenstate.LookRow{},
		tokenstate.SightingRow{},
		tokenstate.RefusalRow{},
		tokenstate.CutoffRow{},
		tokenstate.PardonRow{},
		tokenstate.DoubtRow{},
		Token{},
		apikey.Record{Scopes: "x"},
		ServiceKey{},
		apikey.Member{},
	})
	return string(b), err
}

// entry has room for one of each kind, which is filled anew for each.
type entry struct {
	standing tokenstate.StandingRow
	look     tokenstate.LookRow
	sighting tokenstate.SightingRow
	refusal  tokenstate.RefusalRow
	cutoff   tokenstate.CutoffRow
	pardon   tokenstate.PardonRow
	doubt    tokenstate.DoubtRow
	token    Token
	key      apikey.Record
	member   apikey.Member
}

func (w *wire) scope(s *tokenstate.Scope) { w.text(&s.Realm, &s.User, &s.Client, &s.Session, &s.Key) }

func (w *wire) standing(r *tokenstate.StandingRow) {
	v := &r.Value
	w.scope(&r.Subject.Scope)
	w.text((*string)(&r.Subject.Authority), &r.Node, &v.ClientID, &v.Cause)
	w.bools(&v.Gone, &v.Disabled, &v.NoOffline)
	w.int((*int64)(&v.At), (*int64)(&v.NotBefore))
}

func (w *wire) look(r *tokenstate.LookRow) {
	w.scope(&r.Scope)
	w.text(&r.Node, &r.Value.Cause)
	w.int((*int64)(&r.Value.At))
}

func (w *wire) sighting(r *tokenstate.SightingRow) {
	v := &r.Value
	w.scope(&r.ID.Seat)
	w.text(&r.Node, &v.Cause, &v.Owner)
	w.bools(&r.ID.Gone)
	w.int((*int64)(&v.At), (*int64)(&v.Start), (*int64)(&v.Second))
}

func (w *wire) refusal(r *tokenstate.RefusalRow) {
	v := &r.Value
	w.scope(&r.ID.Scope)
	w.text(&v.Reason, &v.Cause)
	w.bools(&v.Refused)
	w.int((*int64)(&r.ID.IssuedAt), (*int64)(&v.At), (*int64)(&v.RetryAt))
}

func (w *wire) cutoff(r *tokenstate.CutoffRow) {
	v := &r.Value
	w.scope(&r.Scope)
	w.text(&r.Cause, &v.Reason)
	w.bools(&v.Tokens, &v.Keys)
	w.int((*int64)(&v.Before), (*int64)(&v.At))
}

func (w *wire) pardon(r *tokenstate.PardonRow) {
	w.text(&r.Cause, &r.Value.By, &r.Value.Reason)
	w.int((*int64)(&r.Value.At))
}

func (w *wire) doubt(r *tokenstate.DoubtRow) {
	w.scope(&r.ID.Doubt.Scope)
	w.text(&r.Node, &r.Value.Event)
	w.bools(&r.ID.Doubt.Beneath, &r.ID.Settled)
	w.int((*int64)(&r.Value.At))
}

func (w *wire) token(t *Token) {
	k := &t.Token
	w.text(&k.Realm, &k.User, &k.Client, &k.ClientID, &k.Session, &k.Issuer, &t.Custody, &t.Scope)
	w.bools(&t.Verified)
	w.int((*int64)(&k.IssuedAt), (*int64)(&k.Expires))
}

func (w *wire) key(k *apikey.Record) {
	w.text(&k.ID, &k.Realm, &k.User, &k.Org, &k.Name, (*string)(&k.Kind), &k.RevokedBy, &k.PepperID, (*string)(&k.Scopes))
	w.bools(&k.NotMember)
	w.int((*int64)(&k.Created), (*int64)(&k.Expires), (*int64)(&k.NotBefore), (*int64)(&k.RevokedAt))
	k.Generation = w.uint(k.Generation)
	w.raw(k.Digest[:])
}

func (w *wire) serviceKey(k *ServiceKey) {
	w.text(&k.Name, &k.Realm, &k.PepperID)
	w.raw(k.Digest[:])
	w.list(&k.Scopes)
	w.list(&k.Orgs)
}

func (w *wire) member(m *apikey.Member) { w.text(&m.Realm, &m.Org, &m.User) }
