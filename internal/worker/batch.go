package worker

import (
	"encoding/json"

	"github.com/tokenstate/tokenstate/internal/events"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

func newBatch(from Floor) Batch { return Batch{From: from, To: from, Facts: tokenstate.NewFacts()} }

func (b *Batch) count() int { return len(b.Journal) + len(b.Parked) }

// add folds e into b. What cannot be decoded is parked in the same batch: nothing is skipped.
func (b *Batch) add(s start, e Entry) {
	b.To = Floor{Stream: s.info.Name, Created: s.info.Created, Seq: e.Seq, Digest: digest(e.Raw)}
	b.bytes += len(e.Raw)
	m, err := decode(e)
	if err != nil {
		b.Parked = append(b.Parked, Parked{e.Seq, e.Received, e.Subject, err.Error(), e.Raw})
		return
	}
	b.Journal = append(b.Journal, Line{m.ID, e.Seq, e.Received, m.Realm, string(m.Body.Class()), e.Raw})
	b.Facts.Add(tokenstate.Learn(m))
	switch body := m.Body.(type) {
	case *events.Heartbeat:
		b.beat(m, body)
	case *events.Mark:
		known := e.Seq <= s.info.Last && s.loss == nil && !s.told && m.Source == events.Worker
		b.restored = b.restored || known && body.Floor > s.floor.Seq
	}
}

func decode(e Entry) (events.Message, error) {
	m, err := events.Decode(e.Raw)
	if err != nil {
		return events.Message{}, err
	}
	return events.Arrived(m, e.Subject, e.Received)
}

// beat keeps the last of each node in the batch.
func (b *Batch) beat(m events.Message, h *events.Heartbeat) {
	value, err := json.Marshal(h)
	if err != nil {
		panic("a heartbeat is always JSON: " + err.Error())
	}
	n := Heartbeat{m.Node, m.At, m.Received, value}
	for i, old := range b.Heartbeats {
		if old.Node == m.Node {
			b.Heartbeats[i] = n
			return
		}
	}
	b.Heartbeats = append(b.Heartbeats, n)
}
