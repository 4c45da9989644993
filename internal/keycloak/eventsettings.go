package keycloak

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// EventSettings say what a realm keeps of its events.
type EventSettings struct {
	At, Latest   time.Time // Keycloak's clock when we asked: not before At and not after Latest
	UserEvents   bool
	Types        []string // none: Keycloak's defaults
	UserExpiry   time.Duration
	AdminEvents  bool
	AdminDetails bool
	AdminExpiry  time.Duration // 0: never
	Listeners    []string
}

// eventsConfig is GET events/config; gocloak has no such call.
type eventsConfig struct {
	EventsEnabled             *bool    `json:"eventsEnabled"`
	EventsExpiration          int64    `json:"eventsExpiration"`
	EnabledEventTypes         []string `json:"enabledEventTypes"`
	AdminEventsEnabled        bool     `json:"adminEventsEnabled"`
	AdminEventsDetailsEnabled bool     `json:"adminEventsDetailsEnabled"`
	EventsListeners           []string `json:"eventsListeners"`
}

// EventSettings asks GET events/config (role view-events), and for the expiry of admin events,
// which is an attribute of the realm, GET realms/{realm} (role view-realm; without it: 0).
func (a *Admin) EventSettings(ctx context.Context, realm string) (EventSettings, error) {
	name := realm
	if err := segments(&name); err != nil {
		return EventSettings{}, err
	}
	var c eventsConfig
	ans, err := a.account.get(ctx, spec{name: "events config", want: object}, nil, &c, name, "events", "config")
	if err == nil {
		err = ans.rejected()
	}
	switch {
	case errors.Is(err, ErrNotFound):
		return EventSettings{}, a.noneOf(ctx, realm, ans)
	case err != nil:
		return EventSettings{}, err
	case c.EventsEnabled == nil:
		return EventSettings{}, ans.unknown("event settings that do not say whether events are saved")
	}
	var r struct {
		Attributes map[string]string `json:"attributes"`
	}
	more, err := a.account.get(ctx, spec{name: "realm", want: object}, nil, &r, name)
	if err == nil && more.status != http.StatusForbidden {
		err = more.rejected()
	}
	if err != nil {
		return EventSettings{}, err
	}
	seconds, _ := strconv.ParseInt(r.Attributes["adminEventsExpiration"], 10, 64) // "": never
	return EventSettings{
		At: ans.at, Latest: ans.at.Add(ans.late), UserEvents: *c.EventsEnabled, Types: c.EnabledEventTypes,
		UserExpiry:  time.Duration(c.EventsExpiration) * time.Second,
		AdminEvents: c.AdminEventsEnabled, AdminDetails: c.AdminEventsDetailsEnabled, AdminExpiry: time.Duration(seconds) * time.Second,
		Listeners: c.EventsListeners,
	}, nil
}

// Roles are what our client may do in each realm, as its own access token says. A new right is
// seen when the token is a minute old.
func (a *Admin) Roles(ctx context.Context) (map[string][]string, error) {
	k, err := a.account.bearer(ctx, "")
	if err != nil {
		return nil, err
	}
	_, payload, _ := strings.Cut(k.token, ".")
	payload, _, _ = strings.Cut(payload, ".")
	var access map[string]struct {
		Roles []string `json:"roles"`
	}
	_ = json.Unmarshal(members(payload)["resource_access"], &access) // none: no roles
	out := map[string][]string{}
	for client, r := range access {
		if realm, ok := strings.CutSuffix(client, "-realm"); ok {
			out[realm] = r.Roles
		}
	}
	return out, nil
}
