package tokenstate

import "slices"

// changeClient writes to the page of a client, and keeps who is called what: a token whose client's UUID is not known
// finds it by one look-up.
func (r *realm) changeClient(id string, write func(*page)) {
	p := r.clients[id]
	if p == nil {
		p = &page{}
		r.clients[id] = p
	}
	was := p.name()
	write(p)
	is := p.name()
	if was == is {
		return
	}
	if was != "" {
		r.called[was] = slices.DeleteFunc(r.called[was], func(other string) bool { return other == id })
	}
	if is != "" {
		r.called[is] = append(r.called[is], id)
		slices.Sort(r.called[is])
	}
}

func (r *realm) client(id string) *page {
	if p := r.clients[id]; p != nil {
		return p
	}
	return &nothing
}

// name is the client_id that a client has now.
func (p *page) name() string { return currentName(p.standings.at(Subject{Authority: Keycloak}.spot())) }

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
