package projection

// Stranger reports whether a user is known to have neither a token nor a key here, under whatever name their tokens have them.
// Before anything is loaded nobody is.
func (p *Projection) Stranger(realm, user string) bool {
	return read(p, func(st *state) bool { return st.holder(realm, user) == nil })
}
