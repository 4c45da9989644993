package projection

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/tokenstate/tokenstate/internal/apikey"
	"github.com/tokenstate/tokenstate/internal/events"
	"github.com/tokenstate/tokenstate/internal/strictjson"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

// Keeper keeps one snapshot outside of the database: whole, or the one before it.
type Keeper interface {
	Keep([]byte) error
	Kept() ([]byte, error) // nil if there is none
}

// keptFormat is of the bytes below; another one is not read.
const keptFormat = 2

// keptHeader says which state a kept snapshot is of. At is when the database had it, by our clock.
type keptHeader struct {
	Format  int           `json:"Format"`
	At      events.Millis `json:"At"`
	Status  Status        `json:"Status"`
	Version int64         `json:"Version"`
	Nonce   string        `json:"Nonce"`
	Entries int           `json:"Entries"`
}

// keptEntry is one of its members.
type keptEntry struct {
	Kind       string          `json:"Kind,omitempty"` // of Fact
	Fact       json.RawMessage `json:"Fact,omitempty"`
	Token      *Token          `json:"Token,omitempty"`
	Key        *apikey.Record  `json:"Key,omitempty"`
	ServiceKey *ServiceKey     `json:"ServiceKey,omitempty"`
	Member     *apikey.Member  `json:"Member,omitempty"`
}

// encodeKept writes the header and then one value for each entry, so that neither writing nor
// reading needs all of it twice.
func encodeKept(at time.Time, status Status, s Snapshot) ([]byte, error) {
	var out bytes.Buffer
	z := gzip.NewWriter(&out)
	enc := json.NewEncoder(z)
	rows := s.Facts.Rows()
	err := enc.Encode(keptHeader{
		keptFormat, events.Millis(at.UnixMilli()), status, s.Version, s.Nonce,
		len(rows) + len(s.Tokens) + len(s.Keys) + len(s.ServiceKeys) + len(s.Members),
	})
	put := func(e keptEntry) {
		if err == nil {
			err = enc.Encode(e)
		}
	}
	for _, r := range rows {
		var raw []byte
		if raw, err = json.Marshal(r); err != nil {
			break
		}
		put(keptEntry{Kind: r.Kind(), Fact: raw})
	}
	for i := range s.Tokens {
		put(keptEntry{Token: &s.Tokens[i]})
	}
	for i := range s.Keys {
		put(keptEntry{Key: &s.Keys[i]})
	}
	for i := range s.ServiceKeys {
		put(keptEntry{ServiceKey: &s.ServiceKeys[i]})
	}
	for i := range s.Members {
		put(keptEntry{Member: &s.Members[i]})
	}
	if err = errors.Join(err, z.Close()); err != nil {
		return nil, fmt.Errorf("encode a snapshot: %w", err)
	}
	return out.Bytes(), nil
}

var errKept = errors.New("the snapshot on disk cannot be read: it is damaged, or of another version of this program")

// headerOf reads what the snapshot is of, and gives a decoder for the rest.
func headerOf(raw []byte) (h keptHeader, rest *json.Decoder, err error) {
	z, err := gzip.NewReader(bytes.NewReader(raw))
	if err != nil {
		return h, nil, errKept
	}
	rest = json.NewDecoder(z)
	if h, err = stored[keptHeader](rest); err != nil || h.Format != keptFormat {
		return h, nil, errKept
	}
	return h, rest, nil
}

// stored reads the next value, which must be of exactly the form that we write.
func stored[T any](rest *json.Decoder) (v T, err error) {
	var raw json.RawMessage
	if err := rest.Decode(&raw); err != nil {
		return v, errKept
	}
	return strictjson.Stored[T](raw)
}

func decodeKept(raw []byte) (h keptHeader, s Snapshot, err error) {
	h, rest, err := headerOf(raw)
	if err != nil {
		return h, s, err
	}
	s = Snapshot{Version: h.Version, Nonce: h.Nonce, Facts: tokenstate.NewFacts()}
	for range h.Entries {
		e, err := stored[keptEntry](rest)
		if err != nil {
			return h, s, errKept
		}
		switch {
		case e.Token != nil:
			s.Tokens = append(s.Tokens, *e.Token)
		case e.Key != nil:
			s.Keys = append(s.Keys, *e.Key)
		case e.ServiceKey != nil:
			s.ServiceKeys = append(s.ServiceKeys, *e.ServiceKey)
		case e.Member != nil:
			s.Members = append(s.Members, *e.Member)
		default:
			row, err := tokenstate.DecodeRow(e.Kind, e.Fact)
			if err != nil {
				return h, s, errKept
			}
			row.SetIn(s.Facts)
		}
	}
	if _, err := rest.Token(); !errors.Is(err, io.EOF) {
		return h, s, errKept
	}
	return h, s, nil
}
