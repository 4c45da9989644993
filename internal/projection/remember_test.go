package projection

import (
	"testing"

	"github.com/rs/zerolog"

	"github.com/tokenstate/tokenstate/internal/apikey"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

// Ensure what is known here of orders stays in force when the database has lost it, is told so that it can
// be written again, and gives way to what the database learns later; what only the log tells is left to
// the worker. In another history of the database nobody is ready before a worker has confirmed it.
func TestRemembersOrders(t *testing.T) {
	user := tokenstate.Scope{Realm: "r", User: "u"}
	cut := tokenstate.CutoffRow{Scope: user, Cause: "order-1", Value: tokenstate.Cutoff{Before: 9, At: 8, Keys: true, Reason: tokenstate.ReasonOrder}}
	stand := tokenstate.StandingRow{Subject: tokenstate.Subject{Scope: user, Authority: tokenstate.Backend}, Value: tokenstate.Standing{At: 5, Disabled: true, Cause: "order-2"}}
	look := tokenstate.LookRow{Scope: user, Value: tokenstate.Look{At: 3, Cause: "look"}}
	h := newHistory()
	h.status.History = "first"
	h.add("n1", Change{Key: &apikey.Record{ID: "k", Realm: "r", User: "u"}})
	var told []tokenstate.Row
	p := New(h, Options{Remembered: func(rows []tokenstate.Row) { told = rows }}, zerolog.Nop())
	step(t, p)
	h.add("n2", Change{Fact: cut}, Change{Fact: stand}, Change{Fact: look}, Change{Key: &apikey.Record{ID: "k", Realm: "r", User: "u", RevokedAt: 7, RevokedBy: "order-3"}})
	step(t, p)
	h.restore(1)
	h.status.History, h.status.Confirmed = "second", false
	step(t, p)
	if len(told) != 2 {
		t.Errorf("told: %+v", told)
	}
	if ok, _ := p.Ready(); ok {
		t.Error("ready before a worker has read the log")
	}
	h.status.Confirmed = true
	step(t, p)
	if ok, why := p.Ready(); !ok {
		t.Errorf("not ready: %s", why)
	}
	if o := p.Owner("r", "u"); o.Active || o.KeysBefore != 9 || o.Known {
		t.Errorf("the owner: %+v", o)
	}
	if rec, _, _ := p.KeyByID(t.Context(), "k"); rec.RevokedAt != 7 || rec.RevokedBy != "order-3" {
		t.Errorf("the key: %+v", rec)
	}
	stand.Value = tokenstate.Standing{At: 6, Cause: "order-4"}
	h.add("other", Change{Fact: stand})
	step(t, p)
	if o := p.Owner("r", "u"); !o.Active {
		t.Errorf("the owner after a later order: %+v", o)
	}
}

// Ensure a database that was merely restarted interrupts nobody: what is known leads on.
func TestARestartInterruptsNobody(t *testing.T) {
	h := newHistory()
	h.add("n1")
	p := New(h, Options{}, zerolog.Nop())
	step(t, p)
	h.status.History, h.status.Confirmed = "second", false
	h.add("n2")
	step(t, p)
	if ok, why := p.Ready(); !ok {
		t.Error(why)
	}
	fresh := New(h, Options{}, zerolog.Nop())
	step(t, fresh)
	if ok, _ := fresh.Ready(); ok {
		t.Error("who starts now is ready before a worker has confirmed this history")
	}
}
