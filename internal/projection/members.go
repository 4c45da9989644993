package projection

import "github.com/tokenstate/tokenstate/internal/apikey"

// Member reports whether a user belongs to an organization.
func (p *Projection) Member(m apikey.Member) bool {
	return read(p, func(st *state) bool { return st.members[m] })
}

// HasKey reports whether memory knows a key of that id: whatever it lacks costs a look into the
// database.
func (p *Projection) HasKey(id string) bool {
	p.mu.RLock()
	defer p.mu.RUnlock()
	return p.st != nil && p.st.keys[id] != nil
}
