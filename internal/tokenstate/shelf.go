package tokenstate

// A sheet that nobody reads now is folded into one string: there are two for each token that is stored, and as slices each
// would be several times as large. The tempting way is to keep them as they are read, and it costs a gigabyte for a
// million tokens.

// maxFolded is how many facts a folded sheet has at most: to fold a large one anew at each change would cost too much.
const maxFolded = 64

// shelf has the sheets of the users, or of the sessions, of a realm.
type shelf struct {
	folded map[string]string
	large  map[string]*sheet
}

// read gives a sheet, in the room of p where it is a folded one.
func (s *shelf) read(id string, n *names, room *sheet) *sheet {
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
	p := &n.room
	p.empty()
	if folded, ok := s.folded[id]; ok {
		unfold(folded, n, p)
	}
	write(p)
	if p.size() > maxFolded {
		s.enlarge(id, p)
		n.room = sheet{}
		return
	}
	if s.folded == nil {
		s.folded = map[string]string{}
	}
	s.folded[id] = fold(p, n)
}

// spell has a folded sheet stand under this very text: an assignment to a map keeps the new key's bytes.
func (s *shelf) spell(id string) {
	if folded, ok := s.folded[id]; ok {
		s.folded[id] = folded
	}
}

func (s *shelf) enlarge(id string, p *sheet) {
	if s.large == nil {
		s.large = map[string]*sheet{}
	}
	delete(s.folded, id)
	large := *p
	s.large[id] = &large
}

func (s *shelf) each(n *names, visit func(id string, p *sheet)) {
	var room sheet
	for id, folded := range s.folded {
		unfold(folded, n, &room)
		visit(id, &room)
	}
	for id, p := range s.large {
		visit(id, p)
	}
}
