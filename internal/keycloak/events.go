package keycloak

import (
	"context"
	"errors"
	"strconv"
	"time"
)

// EventQuery asks for one page of the event store, oldest first. From and To are
// epoch milliseconds, both inclusive (26.2+; before, whole days only); 0 leaves
// an end open. There is no cursor and no order within one millisecond, and rows
// appear late with older times: the reader must overlap (keycloak.md E).
type EventQuery struct {
	From, To int64
	// Types: of user events the types (LOGOUT …), of admin events the resource
	// types (USER, REALM …). Empty = all.
	Types      []string
	First, Max int
}

// UserEvent is one row of GET events. Texts are empty where Keycloak has null.
type UserEvent struct {
	ID        string            `json:"id"`   // empty where the version hides it (before about 26.4)
	Time      int64             `json:"time"` // ms, clock of the node that served the action
	Type      string            `json:"type"`
	ClientID  string            `json:"clientId"` // the client's name
	UserID    string            `json:"userId"`
	SessionID string            `json:"sessionId"`
	Error     string            `json:"error"`
	Details   map[string]string `json:"details"`
}

// AdminEvent is one row of GET admin-events.
type AdminEvent struct {
	ID             string            `json:"id"`   // as in UserEvent
	Time           int64             `json:"time"` // ms
	OperationType  string            `json:"operationType"`
	ResourceType   string            `json:"resourceType"`
	ResourcePath   string            `json:"resourcePath"` // empty for UPDATE REALM
	Representation string            `json:"representation"`
	Error          string            `json:"error"`
	Details        map[string]string `json:"details"`
}

// UserEventPage is one answer; At is Keycloak's time, not later than the reading.
type UserEventPage struct {
	At   time.Time
	Rows []UserEvent
}

// AdminEventPage is the same for admin events.
type AdminEventPage struct {
	At   time.Time
	Rows []AdminEvent
}

// UserEvents reads one page of the realm's stored user events (role view-events).
// Only stored types are there: REFRESH_TOKEN_ERROR and USER_SESSION_DELETED are
// not by default. gocloak's GetEvents knows no direction, id or error.
func (a *Admin) UserEvents(ctx context.Context, realm string, q EventQuery) (UserEventPage, error) {
	var rows []UserEvent
	ans, err := a.events(ctx, realm, "events", q.values("type"), &rows)
	if err != nil {
		return UserEventPage{}, err
	}
	for _, r := range rows {
		if r.Time <= 0 || r.Type == "" {
			return UserEventPage{}, ans.unknown("an event without time or type")
		}
	}
	return UserEventPage{ans.at, rows}, nil
}

// AdminEvents reads one page of the realm's stored admin events (role
// view-events). Representation is empty unless the realm includes it. The
// deletion of a realm is stored in the administrator's realm. gocloak 13 has no
// such call.
func (a *Admin) AdminEvents(ctx context.Context, realm string, q EventQuery) (AdminEventPage, error) {
	var rows []AdminEvent
	ans, err := a.events(ctx, realm, "admin-events", q.values("resourceTypes"), &rows)
	if err != nil {
		return AdminEventPage{}, err
	}
	for _, r := range rows {
		if r.Time <= 0 || r.OperationType == "" || r.ResourceType == "" {
			return AdminEventPage{}, ans.unknown("an admin event without time, operation or resource type")
		}
	}
	return AdminEventPage{ans.at, rows}, nil
}

func (q EventQuery) values(types string) map[string][]string {
	v := map[string][]string{"direction": {"asc"}}
	for name, n := range map[string]int64{"dateFrom": q.From, "dateTo": q.To, "first": int64(q.First), "max": int64(q.Max)} {
		if n != 0 {
			v[name] = []string{strconv.FormatInt(n, 10)}
		}
	}
	if len(q.Types) > 0 {
		v[types] = q.Types
	}
	return v
}

func (a *Admin) events(ctx context.Context, realm, what string, query map[string][]string, rows any) (*answer, error) {
	name := realm
	if err := segments(&name); err != nil {
		return nil, err
	}
	ans, err := a.account.get(ctx, spec{name: what, want: list}, query, rows, name, what)
	if err != nil {
		return nil, err
	}
	if err = ans.rejected(); errors.Is(err, ErrNotFound) {
		err = a.noneOf(ctx, realm, ans)
	}
	return ans, err
}
