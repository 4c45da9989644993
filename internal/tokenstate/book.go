package tokenstate

import "maps"

// Facts is everything learnt. It never depends on which tokens are stored, nor on our clock. Facts lie in sheets, each of
// one subject: what is asked about a token or an owner is answered from a few of them, and nothing is searched.
//
// A Facts is a reference, as a map is: Add and the rows' SetIn change it for whoever has a copy of it. It may be read by
// many at once, while nobody writes.
type Facts struct{ *book }

type book struct {
	realms  map[string]*realm
	pardons map[string]Pardoned // by cause
	names   *names
}

// realm has the sheets of a realm, and of everything in it. The sheets of users and sessions are folded, for there are
// many.
type realm struct {
	sheet    sheet
	clients  map[string]*sheet
	called   map[string][]string // UUIDs of the clients that now have a client_id, sorted
	users    shelf
	sessions shelf
}

// NewFacts is the empty state, the neutral element of Join.
func NewFacts() Facts {
	return Facts{&book{realms: map[string]*realm{}, pardons: map[string]Pardoned{}, names: newNames()}}
}

func (f Facts) realm(name string) *realm {
	if f.book == nil {
		return nil
	}
	return f.realms[name]
}

// change calls write with the sheet of a scope's subject, which is made if there is none yet.
func (f Facts) change(s Scope, write func(*sheet)) {
	r := f.realms[s.Realm]
	if r == nil {
		r = &realm{clients: map[string]*sheet{}, called: map[string][]string{}}
		f.realms[s.Realm] = r
	}
	switch {
	case s.Session != "":
		r.sessions.change(s.Session, f.names, write)
	case s.User != "":
		r.users.change(s.User, f.names, write)
	case s.Client != "":
		r.changeClient(s.Client, write)
	default:
		write(&r.sheet)
	}
}

// Spell has the sheet of a user or a session stand under the text that s has for it. Whoever keeps that text anyway need
// not keep a second one then.
func (f Facts) Spell(s Scope) {
	switch r := f.realm(s.Realm); {
	case r == nil:
	case s.Session != "":
		r.sessions.spell(s.Session)
	case s.User != "":
		r.users.spell(s.User)
	}
}

// each calls f with every sheet and its subject, in no order. The sheet is good until f returns.
func (f Facts) each(visit func(Scope, *sheet)) {
	if f.book == nil {
		return
	}
	for name, r := range f.realms {
		visit(Scope{Realm: name}, &r.sheet)
		for id, p := range r.clients {
			visit(Scope{Realm: name, Client: id}, p)
		}
		r.users.each(f.names, func(id string, p *sheet) { visit(Scope{Realm: name, User: id}, p) })
		r.sessions.each(f.names, func(id string, p *sheet) { visit(Scope{Realm: name, Session: id}, p) })
	}
}

// Empty reports whether nothing was learnt.
func (f Facts) Empty() bool { return f.book == nil || len(f.realms)+len(f.pardons) == 0 }

// Equal reports whether both say the same.
func (f Facts) Equal(o Facts) bool {
	if f.Empty() || o.Empty() {
		return f.Empty() == o.Empty()
	}
	if len(f.pardons) != len(o.pardons) || f.count() != o.count() {
		return false
	}
	for cause, p := range f.pardons {
		if q, ok := o.pardons[cause]; !ok || p != q {
			return false
		}
	}
	same := true
	f.each(func(s Scope, p *sheet) {
		theirs := o.open(s.Realm)
		defer theirs.close()
		same = same && p.equal(theirs.sheet(s))
	})
	return same
}

// count is how many facts there are, without pardons.
func (f Facts) count() (n int) {
	f.each(func(_ Scope, p *sheet) { n += p.size() })
	return n
}

// Pardoning is what is known, with cutoffs of these causes pardoned besides. It shares everything else with f.
func (f Facts) Pardoning(causes map[string]bool) Facts {
	b := *f.book
	b.pardons = maps.Clone(f.pardons)
	for cause := range causes {
		if _, ok := b.pardons[cause]; !ok {
			b.pardons[cause] = Pardoned{}
		}
	}
	return Facts{&b}
}
