package keycloak

import (
	"context"
	"errors"
	"time"
)

// EventQuery asks for one page of the event store, oldest first. From and To are
// epoch milliseconds, both inclusive; 0 leaves an end open. Before 26.2 Keycloak
// knows neither: it gives all rows, the newest first, and the page says so. There is no
// cursor and no order within one millisecond, and rows appear late with older times: the reader must overlap (keycloak.md E).
type EventQuery struct {
	From, To int64
	// Types: of user events the types (LOGOUT …), of admin events the resource
	// types (USER, REALM …). Empty = all.
	Types      []string
	First, Max int
}

// UserEvent is one row of GET events. Texts are empty where Keycloak has null.
type UserEvent struct {
	ID        string            `json:"id"`   // empty where the version hides it (before 26.2)
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
	// AuthDetails say who did it, by ids. (Keycloak has an address there as well, which is not read.)
	AuthDetails struct {
		RealmID  string `json:"realmId"`
		ClientID string `json:"clientId"` // its UUID
		UserID   string `json:"userId"`
	} `json:"authDetails"`
}

// EventPage is one answer; At is Keycloak's time, not later than the reading.
type EventPage[Row UserEvent | AdminEvent] struct {
	At          time.Time
	Rows        []Row
	NewestFirst bool // and From and To were not heeded
}

// UserEvents reads one page of the realm's stored user events (role view-events).
// Only stored types are there: REFRESH_TOKEN_ERROR and USER_SESSION_DELETED are
// not by default. gocloak's GetEvents knows no direction, id or error.
func (a *Admin) UserEvents(ctx context.Context, realm string, q EventQuery) (EventPage[UserEvent], error) {
	var rows []UserEvent
	d, ans, err := a.events(ctx, realm, "events", q, "type", &rows)
	if err != nil {
		return EventPage[UserEvent]{}, err
	}
	for _, r := range rows {
		if r.Time <= 0 || r.Type == "" {
			return EventPage[UserEvent]{}, ans.unknown("an event without time or type")
		}
	}
	return EventPage[UserEvent]{ans.at, rows, !d.millis}, nil
}

// AdminEvents reads one page of the realm's stored admin events (role
// view-events). Representation is empty unless the realm includes it. The
// deletion of a realm is stored in the administrator's realm. gocloak 13 has no
// such call.
func (a *Admin) AdminEvents(ctx context.Context, realm string, q EventQuery) (EventPage[AdminEvent], error) {
	var rows []AdminEvent
	d, ans, err := a.events(ctx, realm, "admin-events", q, "resourceTypes", &rows)
	if err != nil {
		return EventPage[AdminEvent]{}, err
	}
	for _, r := range rows {
		if r.Time <= 0 || r.OperationType == "" || r.ResourceType == "" {
			return EventPage[AdminEvent]{}, ans.unknown("an admin event without time, operation or resource type")
		}
	}
	return EventPage[AdminEvent]{ans.at, rows, !d.millis}, nil
}

func (a *Admin) events(ctx context.Context, realm, what string, q EventQuery, types string, rows any) (dialect, *answer, error) {
	name := realm
	if err := segments(&name); err != nil {
		return dialect{}, nil, err
	}
	d, err := a.dialect(ctx)
	if err != nil {
		return d, nil, err
	}
	ans, err := a.account.get(ctx, spec{name: what, want: list}, d.values(q, types), rows, name, what)
	if err != nil {
		return d, nil, err
	}
	if err = ans.rejected(); errors.Is(err, ErrNotFound) {
		err = a.noneOf(ctx, realm, ans)
	}
	return d, ans, err
}
