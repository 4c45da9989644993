package tokenstate

import "sync"

// opened are facts with the sheets open that a question has needed: of the realm, and of one client, user and session,
// each the latest that was asked about. It lasts for one question.
type opened struct {
	Facts
	in *realm

	name                        string // of the realm
	user, session, client       *sheet
	userID, sessionID, clientID string
	userRoom, sessionRoom       sheet
}

// Whoever asks borrows the room for unfolded sheets, so that a verdict needs no memory of its own.
var rooms = sync.Pool{New: func() any { return new(opened) }}

var nothing sheet

func (f Facts) open(realm string) *opened {
	o := rooms.Get().(*opened) // New above makes nothing else
	o.Facts, o.name, o.in = f, realm, f.realm(realm)
	o.userID, o.sessionID, o.clientID = "", "", ""
	return o
}

func (f *opened) close() {
	f.Facts, f.in, f.user, f.session, f.client = Facts{}, nil, nil, nil, nil
	rooms.Put(f)
}

// sheet is that of a scope's subject; one of nothing if there is none. It is good until another subject of the same
// kind is asked about.
func (f *opened) sheet(s Scope) *sheet {
	switch {
	case f.in == nil || s.Realm != f.name:
		return &nothing
	case s.Session != "":
		if f.sessionID != s.Session {
			f.sessionID = s.Session
			f.session = f.in.sessions.read(s.Session, f.names, &f.sessionRoom)
		}
		return f.session
	case s.User != "":
		if f.userID != s.User {
			f.userID = s.User
			f.user = f.in.users.read(s.User, f.names, &f.userRoom)
		}
		return f.user
	case s.Client != "":
		if f.clientID != s.Client {
			f.clientID, f.client = s.Client, f.in.client(s.Client)
		}
		return f.client
	}
	return &f.in.sheet
}

// What is known of one subject, place or doubt, by node.

func (f *opened) said(s Subject) PerNode[Standing] { return f.sheet(s.Scope).standings.at(s.spot()) }

func (f *opened) looks(s Scope) PerNode[Look] { return f.sheet(s).looks.at(s.spot(0)) }

func (f *opened) seen(k SightingKey) PerNode[Sighting] { return f.sheet(k.Seat).sightings.at(k.spot()) }

func (f *opened) doubts(k DoubtKey) PerNode[Raised] {
	return f.sheet(k.Doubt.Scope).doubts.at(k.spot())
}

// cuts are by cause.
func (f *opened) cuts(s Scope) PerNode[Cutoff] { return f.sheet(s).cutoffs.at(s.spot(0)) }

func (f *opened) refusal(k RefusalKey) Refusal {
	return f.sheet(k.Scope).refusals.at(k.spot()).of("")
}

func (f *opened) pardoned(cause string) bool {
	_, so := f.pardons[cause]
	return so
}
