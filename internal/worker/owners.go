package worker

import (
	"context"
	"regexp"
	"slices"
	"sort"
	"strconv"
	"strings"

	"github.com/tokenstate/tokenstate/internal/events"
)

// No event tells of every user who goes: a workflow removes them, a partial import replaces them, a
// user store's are removed by a button without a trace. A key must not outlive its user for long all
// the same. So all who hold something here are found again every few minutes, by pages of users;
// whoever is not there is looked at by themselves, and only that look is believed.

// Bounds of jumping over users who hold nothing.
const (
	fewRows   = 20  // that are asked for where one is wanted
	worthJump = 300 // rows between two owners; to read them costs about as much as another request
)

// Owners reads the users of a realm by key, publishes what differs from what is known, and suspects
// whoever holds something and was not shown. The walk must be whole for that: its fault concludes
// nothing. ErrNoKeys: Keycloak does not offer it.
func (p *Pages) Owners(ctx context.Context, realm string, held []string) (missing int, err error) {
	left := newOwners(held)
	if left.none() {
		return 0, nil
	}
	err = p.byKey(ctx, realm, "owners", mostPage, func(ctx context.Context, after string, limit int) (Page, error) {
		if after == "" {
			after = left.from
		}
		return p.Keys.UsersAfter(ctx, realm, after, limit)
	}, func(page Page) (string, int, error) {
		next, limit := left.shown(page)
		return next, limit, p.publishNews(ctx, realm, page)
	})
	if err != nil {
		return 0, err
	}
	for user := range left.users {
		p.suspect(realm, user)
	}
	return len(left.users), nil
}

// publishNews leaves out what is known anyway.
func (p *Pages) publishNews(ctx context.Context, realm string, page Page) error {
	var users []events.UserSeen
	for _, u := range page.Users {
		if !p.Known.Holds(realm, u.User) {
			continue
		}
		if tell, ask := p.tells(realm, u, page.At); tell && !ask {
			users = append(users, u)
		}
	}
	return p.send(ctx, realm, page, "", nil, users)
}

// owners are the users whom a walk has yet to find.
type owners struct {
	users  map[string]bool
	sorted []string
	from   string // the page that comes begins after it
	jump   bool
}

// uuidForm is what Keycloak's own ids look like. Every database sorts such ids as Go does; of others
// only the database knows the order (collations ignore case or dashes), so that nothing follows from
// where one would lie.
var uuidForm = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$`)

func newOwners(held []string) *owners {
	o := &owners{users: make(map[string]bool, len(held)), jump: true}
	for _, user := range held {
		if strings.HasPrefix(user, "f:") { // lives in its store: no page of Keycloak's table shows it
			continue
		}
		o.users[user], o.sorted = true, append(o.sorted, user)
		o.jump = o.jump && uuidForm.MatchString(user)
	}
	if o.jump && len(o.sorted) > 0 {
		slices.Sort(o.sorted)
		o.from = justBefore(o.sorted[0])
	}
	return o
}

func (o *owners) none() bool { return len(o.users) == 0 }

// shown notes who was found, and says where to go on: over stretches where nobody holds anything the
// walk jumps, so that a few owners among a million users cost a few short pages.
func (o *owners) shown(page Page) (next string, limit int) {
	for _, u := range page.Users {
		delete(o.users, u.User)
	}
	next = page.Next
	if next == "" || !o.jump || !uuidForm.MatchString(next) {
		return next, 0
	}
	i := sort.Search(len(o.sorted), func(i int) bool { return o.sorted[i] > next })
	if i == len(o.sorted) {
		return "", 0
	}
	width := (place(next) - place(o.from)) / float64(max(page.Rows, 1)) // of a row: such ids lie evenly
	if far := justBefore(o.sorted[i]); far > next && place(far)-place(next) > worthJump*width {
		next, limit = far, fewRows
	}
	o.from = next
	return next, limit
}

// justBefore is a key after which an id comes first: its own beginning.
func justBefore(id string) string { return id[:len(id)-1] }

// place is where an id of that form lies between 0 and 1.
func place(id string) float64 {
	const digits = 8
	if len(id) < digits {
		return 0
	}
	n, _ := strconv.ParseUint(id[:digits], 16, 64) // of that form, or "": 0
	return float64(n) / (1 << (4 * digits))
}
