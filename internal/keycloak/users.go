package keycloak

import (
	"context"
	"errors"
	"strconv"
	"time"
)

// UserState is a user as a page lists them. Roles are not shown.
type UserState struct {
	ID        string
	Enabled   bool
	NotBefore int64 // seconds; 0 = none
}

// UserPage is one page of a realm's users.
type UserPage struct {
	At    time.Time // not later than the reading, by Keycloak's clock
	Users []UserState
}

// Users asks GET users?first&max&briefRepresentation=false (role view-users); disabled: only who
// is. It shows enabled and not-before of each, and of roles nothing: GET roles/{role}/users would,
// but from its second page on Keycloak reads every user before the page as well (measured: 41 s for
// 100 rows after 50,000). A page proves no absence. ErrNotFound: the realm is gone.
func (a *Admin) Users(ctx context.Context, realm string, first, limit int, disabled bool) (UserPage, error) {
	name := realm
	if err := segments(&name); err != nil {
		return UserPage{}, err
	}
	var reps []struct {
		ID        string `json:"id"`
		Enabled   *bool  `json:"enabled"`
		NotBefore *int64 `json:"notBefore"`
	}
	query := map[string][]string{"first": {strconv.Itoa(first)}, "max": {strconv.Itoa(limit)}, "briefRepresentation": {"false"}}
	if disabled {
		query["enabled"] = []string{"false"}
	}
	ans, err := a.account.get(ctx, spec{name: "users", want: list}, query, &reps, name, "users")
	if err == nil {
		err = ans.rejected()
	}
	if errors.Is(err, ErrNotFound) {
		err = a.noneOf(ctx, realm, ans)
	}
	if err != nil {
		return UserPage{}, err
	}
	page := UserPage{At: ans.at, Users: make([]UserState, 0, len(reps))}
	for _, r := range reps {
		if r.ID == "" || r.Enabled == nil || r.NotBefore == nil {
			return UserPage{}, ans.unknown("a user without id, enabled or not-before")
		}
		page.Users = append(page.Users, UserState{r.ID, *r.Enabled, *r.NotBefore})
	}
	return page, nil
}
