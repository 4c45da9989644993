package tokenstate

// Matter is the one thing about a subject that a fact or doubt is limited to, such as a user's sessions or a realm's
// issuer. It stands where an API key's id may stand, as the key of the scope: rows have had it there since before it had
// a type, and an id of a key is never one of these words.
type Matter string

// Of is the scope of the matter of a subject.
func (m Matter) Of(s Scope) Scope {
	s.Key = string(m)
	return s
}
