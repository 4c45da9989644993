package tokenstate

// A sheet that nobody writes to now is folded into one string: there are two for each token that is stored, and as slices
// each would be several times as large. The tempting way is to keep them as they are read, and it costs a gigabyte for a
// million tokens.

// maxFolded is how many facts a folded sheet has at most: to fold a large one anew at each change would cost too much.
const maxFolded = 64

// shelf has the sheets of the users, or of the sessions, of a realm.
type shelf struct {
	folded map[string]string
	large  map[string]*sheet

	// The sheet that was written to last is open, and what is folded of it is out of date: much that is told of one
	// subject comes together, and would unfold and fold it each time.
	openID string // "": none is
	open   sheet
}

// read gives a sheet, in the room of p where it is a folded one.
func (s *shelf) read(id string, n *names, room *sheet) *sheet {
	if id == s.openID {
		return &s.open
	}
	if folded, ok := s.folded[id]; ok {
		unfold(folded, n, room)
		return room
	}
	if p := s.large[id]; p != nil {
		return p
	}
	return &nothing
}

func (s *shelf) change(id string, n *names, write func(*sheet)) {
	if p := s.large[id]; p != nil {
		write(p)
		return
	}
	if id != s.openID {
		s.fold(n)
		s.unfold(id, n)
	}
	if write(&s.open); s.open.size() > maxFolded {
		s.enlarge()
	}
}

// forget is change for who takes facts out: a sheet of none does not stay.
func (s *shelf) forget(id string, n *names, drop func(*sheet)) {
	s.change(id, n, drop)
	if p := s.large[id]; p != nil && p.size() == 0 {
		delete(s.large, id)
	}
	if id == s.openID && s.open.size() == 0 {
		delete(s.folded, id)
		s.openID = ""
	}
}

// fold folds the open sheet.
func (s *shelf) fold(n *names) {
	if s.openID != "" {
		s.folded[s.openID] = fold(&s.open, n)
	}
}

// unfold opens another one, which may be new.
func (s *shelf) unfold(id string, n *names) {
	if s.folded == nil {
		s.folded = map[string]string{}
	}
	s.openID = id
	unfold(s.folded[id], n, &s.open)
}

// spell has a sheet stand under this very text: an assignment to a map keeps the new key's bytes.
func (s *shelf) spell(id string) {
	if id == s.openID {
		s.openID = id
	} else if folded, ok := s.folded[id]; ok {
		s.folded[id] = folded
	}
}

func (s *shelf) enlarge() {
	if s.large == nil {
		s.large = map[string]*sheet{}
	}
	delete(s.folded, s.openID)
	large := s.open
	s.large[s.openID] = &large
	s.openID, s.open = "", sheet{}
}

func (s *shelf) each(n *names, visit func(id string, p *sheet)) {
	var room sheet
	for id, folded := range s.folded {
		if id != s.openID {
			unfold(folded, n, &room)
			visit(id, &room)
		}
	}
	for id, p := range s.large {
		visit(id, p)
	}
	if s.openID != "" {
		visit(s.openID, &s.open)
	}
}
