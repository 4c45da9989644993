package events

import (
	"slices"
	"strings"
)

// Everyone stands in About where a message concerns all users under a realm or client.
const Everyone = "*"

// About names whom m concerns: users, sessions and keys by id, the cause that it pardons, or
// Everyone. It is for finding messages again, and says nothing about what they teach.
func (m Message) About() []string {
	var ids []string
	switch b := m.Body.(type) {
	case *Happened:
		ids = []string{b.User, b.Session, b.Details["refresh_token_sub"]}
		if b.User == "" && b.Session == "" { // a federated user's id may hold a slash: the path does not tell its end
			ids = append(ids, pathIDs(b.Path)...)
		}
	case *Observation:
		ids = b.about()
	case *Order:
		ids = []string{b.User, b.Session, b.Key}
	case *Pardon:
		return []string{b.Cause}
	case *Heartbeat, *Mark:
		return nil
	}
	slices.Sort(ids)
	ids = slices.DeleteFunc(slices.Compact(ids), func(id string) bool { return id == "" })
	if len(ids) == 0 {
		return []string{Everyone}
	}
	return ids
}

func (o *Observation) about() (ids []string) {
	if o.User != nil {
		ids = append(ids, o.User.User)
	}
	for _, u := range o.Users {
		ids = append(ids, u.User)
	}
	for _, c := range o.Causes {
		ids = append(ids, c.Session)
	}
	for _, r := range o.Rosters {
		ids = append(ids, r.User, r.Session)
		for _, s := range r.Sessions {
			ids = append(ids, s.Session, s.User)
		}
	}
	return ids
}

// pathIDs are the user and the session in an admin event's path.
func pathIDs(path string) (ids []string) {
	parts := strings.Split(path, "/")
	for i, p := range parts[:len(parts)-1] {
		if p == "users" || p == "sessions" {
			ids = append(ids, parts[i+1])
		}
	}
	return ids
}

// taught are the details of an event that Learn reads.
var taught = []string{"refresh_token_type", "token_id", "revoked_client", "refresh_token_sub", "store"}

// Erased is m without free text and details, which might be personal. Ids stay, and so does
// everything that m teaches.
func Erased(m Message) Message {
	switch b := m.Body.(type) {
	case *Happened:
		less := *b
		less.Details = map[string]string{}
		for _, name := range taught {
			if v, ok := b.Details[name]; ok {
				less.Details[name] = v
			}
		}
		m.Body = &less
	case *Order:
		less := *b
		less.Reason = ""
		m.Body = &less
	}
	return m
}
