package gate

import "github.com/tokenstate/tokenstate/internal/apikey"

// IsMember reports whether the owner belongs to the key's organization, where that is checked:
// a key without an organization needs no membership.
func (g *Gate) IsMember(rec apikey.Record) bool {
	return !g.CheckMembers || rec.Org == "" || g.Known.Member(apikey.Member{Realm: rec.Realm, Org: rec.Org, User: rec.User})
}
