package tokenstate

import "slices"

// changeClient writes to the sheet of a client, and keeps who is called what: a token whose client's UUID is not known
// finds it by one look-up.
func (r *realm) changeClient(id string, write func(*sheet)) {
	p := r.clients[id]
	if p == nil {
		p = &sheet{}
		r.clients[id] = p
	}
	was := p.called()
	write(p)
	is := p.called()
	if slices.Equal(was, is) {
		return
	}
	for _, name := range was {
		r.called[name] = slices.DeleteFunc(r.called[name], func(other string) bool { return other == id })
	}
	for _, name := range is {
		r.called[name] = append(r.called[name], id)
		slices.Sort(r.called[name])
	}
}

func (r *realm) client(id string) *sheet {
	if p := r.clients[id]; p != nil {
		return p
	}
	return &nothing
}

// called are the client_ids that a client has now: one, as far as only Keycloak speaks of it.
func (p *sheet) called() (names []string) {
	for rest := p.standings; len(rest) > 0; {
		nodes := rest.at(rest[0].spot)
		if name := currentName(nodes); name != "" && !slices.Contains(names, name) {
			names = append(names, name)
		}
		rest = rest[len(nodes):]
	}
	return names
}

func currentName(nodes PerNode[Standing]) string {
	var best Standing
	for _, s := range nodes.all() {
		if s.ClientID != "" && loses(best, s) {
			best = s
		}
	}
	return best.ClientID
}

// ClientCalled is the UUID of the client that now has a client_id, the smallest if there are several; "" for none.
func (f Facts) ClientCalled(realm, clientID string) string {
	if r := f.realm(realm); r != nil && len(r.called[clientID]) > 0 {
		return r.called[clientID][0]
	}
	return ""
}
