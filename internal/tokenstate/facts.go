package tokenstate

import "strings"

// Standing is what a look, or the backend, said of a subject: reversible.
type Standing struct {
	At        Millis  `json:"At"`
	Gone      bool    `json:"Gone"`
	Disabled  bool    `json:"Disabled"`
	NoOffline bool    `json:"NoOffline"` // a user without the role offline_access, or a client without its scope
	NotBefore Seconds `json:"NotBefore"` // tokens with a smaller iat are refused
	ClientID  string  `json:"ClientID"`  // of a client: its present client_id
	Cause     string  `json:"Cause"`
}

func (s Standing) when() Millis { return s.At }

func (s Standing) rank() Rank {
	return Rank{s.At, tie(s.Gone, s.Disabled, s.NoOffline, s.NotBefore, s.ClientID, s.Cause)}
}

// Look is the latest complete look that covered a scope: what it did not list was absent.
type Look struct {
	At    Millis `json:"At"`
	Cause string `json:"Cause"`
}

func (l Look) when() Millis { return l.At }

func (l Look) rank() Rank { return Rank{l.At, l.Cause} }

// Sighting is the latest look that listed one client in one session, or the latest that
// showed it ended; or the latest page that showed a user (UserSighting). The
// two are separate facts, since a look that does neither erases neither.
type Sighting struct {
	At     Millis  `json:"At"`
	Start  Seconds `json:"Start"`  // listed: start of the client session, 0 if not known
	Second Seconds `json:"Second"` // gone: the second of the event that named it; tokens up to it are dead. Listed: when it ends, 0 if that is of no account
	Cause  string  `json:"Cause"`
	Owner  string  `json:"Owner"` // listed: whose session it is; "" if the look does not say
}

func (s Sighting) when() Millis { return s.At }

func (s Sighting) rank() Rank { return Rank{s.At, tie(s.Second, s.Start, s.Cause, s.Owner)} }

// SightingKey tells the two kinds of sighting of a seat apart.
type SightingKey struct {
	Seat Scope `json:"Seat"`
	Gone bool  `json:"Gone"`
}

// Refusal is the latest outcome of refreshing exactly one token: reversible, lifted by a
// success and by no look, for some refusals are invisible to looks (keycloak.md F).
type Refusal struct {
	At      Millis `json:"At"`
	Refused bool   `json:"Refused"`
	RetryAt Millis `json:"RetryAt"` // until then the token is not tried again
	Reason  string `json:"Reason"`
	Cause   string `json:"Cause"`
}

func (r Refusal) when() Millis { return r.At }

func (r Refusal) rank() Rank { return Rank{r.At, tie(r.Refused, r.RetryAt, r.Reason, r.Cause)} }

// RefusalKey is the identity of the token. Its client_id is told beside the client's UUID: after a rename a session may get
// a token with the new name within the same second. Rows of earlier programs lack it, and are of any name.
type RefusalKey struct {
	Scope    Scope   `json:"Scope"` // realm, user, session; client: the UUID, and key: the client_id; or, where the UUID is unknown, client: the client_id
	IssuedAt Seconds `json:"IssuedAt"`
}

// Cutoff is final: what was issued before Before is dead, whatever is seen later.
type Cutoff struct {
	Before Seconds `json:"Before"`
	At     Millis  `json:"At"`     // when it happened: the verdict's since
	Tokens bool    `json:"Tokens"` // reaches tokens
	Keys   bool    `json:"Keys"`   // reaches API keys
	Reason string  `json:"Reason"`
}

func (c Cutoff) when() Millis { return c.Before.Millis() }

func (c Cutoff) rank() Rank {
	return Rank{c.Before.Millis(), tie(c.Tokens, c.Keys, c.At, c.Reason)}
}

// Pardoned says by whom and why a cause was pardoned.
type Pardoned struct {
	At     Millis `json:"At"`
	By     string `json:"By"`
	Reason string `json:"Reason"`
}

func (p Pardoned) when() Millis { return p.At }

func (p Pardoned) rank() Rank { return Rank{p.At, tie(p.By, p.Reason)} }

// Doubt names what may have changed. Beneath: everyone under a realm or client, not itself.
type Doubt struct {
	Scope   Scope `json:"Scope"`
	Beneath bool  `json:"Beneath"`
}

// Raised is the latest event that raised a doubt; or (DoubtKey.Settled) the latest look that was taken for events,
// with the ids of them all, separated by blanks.
type Raised struct {
	At    Millis `json:"At"`
	Event string `json:"Event"`
}

// lists reports whether a look was taken for an event.
func (r Raised) lists(event string) bool {
	for listed := range strings.FieldsSeq(r.Event) {
		if listed == event {
			return true
		}
	}
	return false
}

func (r Raised) when() Millis { return r.At }

func (r Raised) rank() Rank { return Rank{r.At, r.Event} }

// DoubtKey is one side of a doubt on one node.
type DoubtKey struct {
	Doubt   Doubt `json:"Doubt"`
	Settled bool  `json:"Settled"`
}
