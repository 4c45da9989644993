package openhands

import (
	"context"
	"fmt"
	"slices"

	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

// Opinion is what one of two systems thinks of a key. User and Org are set if it is let in.
type Opinion struct {
	Admitted  bool   `json:"admitted"`
	Reason    string `json:"reason,omitempty"`
	User, Org string `json:"-"`
}

// OpenHands is what the backend itself decides about a key by its rows alone.
func (k Key) OpenHands(now tokenstate.Seconds) Opinion {
	switch {
	case k.Disabled:
		return Opinion{Reason: "user_disabled"}
	case k.Revoked:
		return Opinion{Reason: "credentials_revoked"}
	case now < k.NotBefore:
		return Opinion{Reason: "not_yet_valid"}
	case k.Expires != 0 && now >= k.Expires:
		return Opinion{Reason: "expired"}
	}
	return Opinion{Admitted: true, User: k.User, Org: k.Org}
}

// Mismatch is a key that the two systems do not decide alike.
type Mismatch struct {
	ID        int64   `json:"id"`
	OpenHands Opinion `json:"openhands"`
	Ours      Opinion `json:"tokenstate"`
	What      string  `json:"what"`
}

// Compared is the result of a shadow run.
type Compared struct {
	Keys       int        `json:"keys"`
	Mismatched int        `json:"mismatched"`
	Mismatches []Mismatch `json:"mismatches"` // the first of them
}

const maxMismatches = 100

// Shadow asks ours about every key and compares with what OpenHands decides. Nothing is written
// on either side. What no header can carry is left out, and so are keys with scopes, which only OpenHands knows.
func Shadow(ctx context.Context, from *Source, size int, now func() tokenstate.Seconds,
	ours func(context.Context, []Key) ([]Opinion, error),
) (Compared, error) {
	c := Compared{Mismatches: []Mismatch{}}
	for after := int64(-1 << 63); ; {
		keys, err := from.Keys(ctx, after, size)
		if err != nil || len(keys) == 0 {
			return c, err
		}
		after = keys[len(keys)-1].ID
		keys = slices.DeleteFunc(keys, func(k Key) bool { return k.Scoped || !k.presentable() })
		if len(keys) == 0 {
			continue
		}
		said, err := ours(ctx, keys)
		if err != nil {
			return c, fmt.Errorf("after %d keys: %w", c.Keys, err)
		}
		for i, k := range keys {
			c.compare(k, k.OpenHands(now()), said[i])
		}
	}
}

func (c *Compared) compare(k Key, theirs, ours Opinion) {
	c.Keys++
	var what string
	switch {
	case theirs.Admitted != ours.Admitted && ours.Admitted:
		what = "tokenstate admits what OpenHands refuses"
	case theirs.Admitted != ours.Admitted:
		what = "tokenstate refuses what OpenHands admits"
	case theirs.User != ours.User:
		what = "another user"
	case theirs.Org != ours.Org:
		what = "another organization"
	default:
		return
	}
	if c.Mismatched++; len(c.Mismatches) < maxMismatches {
		c.Mismatches = append(c.Mismatches, Mismatch{k.ID, theirs, ours, what})
	}
}
