package notice

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

// Source is the CloudEvents source of every notice.
const Source = "urn:tokenstate:notices"

// CloudEvent is the structured JSON form of CloudEvents 1.0.
type CloudEvent struct {
	SpecVersion string    `json:"specversion" enum:"1.0"`
	ID          string    `json:"id" doc:"the same however often it is delivered"`
	Source      string    `json:"source"`
	Type        string    `json:"type"`
	Subject     string    `json:"subject" doc:"the user"`
	Time        time.Time `json:"time" doc:"when it was written"`
	ContentType string    `json:"datacontenttype"`
	Data        Data      `json:"data"`
}

// Data is what a notice says. What it does not know, or what its type has no use for, it leaves out.
type Data struct {
	Realm      string     `json:"realm"`
	UserID     string     `json:"user_id" doc:"Keycloak's id of the user"`
	TokenUser  string     `json:"token_user_id,omitempty" doc:"whom the token names, where that is not user_id"`
	ClientID   string     `json:"client_id,omitempty"`
	SessionID  string     `json:"session_id,omitempty"`
	KeyID      string     `json:"key_id,omitempty"`
	Reason     string     `json:"reason,omitempty" doc:"as in verdicts"`
	Since      *time.Time `json:"since,omitempty" doc:"time of the deciding event or look, in Keycloak's clock"`
	EventID    string     `json:"event_id,omitempty" doc:"the deciding event or message"`
	ExpiresAt  *time.Time `json:"expires_at,omitempty" doc:"of the key; or when Keycloak ends the login, if nobody uses its token until then"`
	KeysPass   bool       `json:"keys_pass" doc:"whether the user's API keys go on working"`
	LastKeyUse *time.Time `json:"last_key_use,omitempty" doc:"when any key of the user was last used: how urgent it is"`
	LoginURL   string     `json:"login_url,omitempty"`
	Message    string     `json:"message" doc:"the same in words"`
}

// Beside is what a notice's reader is told that the notice itself does not know.
type Beside struct {
	LastKeyUse tokenstate.Millis // of any of the user's keys; 0: never, or not asked for
	LoginURL   string            // where the user logs in again; "" if nobody has said
}

// Event is the CloudEvent of a notice that is told at a time.
func Event(n Notice, at tokenstate.Millis, b Beside) ([]byte, error) {
	s := n.Subject
	d := Data{
		Realm: s.Realm, UserID: s.User, TokenUser: n.TokenUser, ClientID: s.Client, SessionID: n.Session, KeyID: s.Key,
		Reason: n.Reason, Since: n.Since.Instant(), EventID: n.EventID, ExpiresAt: n.Expires.Millis().Instant(),
		KeysPass: n.KeysPass, LastKeyUse: b.LastKeyUse.Instant(), Message: message(n),
	}
	if n.Type == LoginNeeded || n.Type == LoginExpiring {
		d.LoginURL = b.LoginURL
	}
	raw, err := json.Marshal(CloudEvent{
		SpecVersion: "1.0", ID: n.ID(), Source: Source, Type: string(n.Type), Subject: s.User, Time: at.Time().UTC(),
		ContentType: "application/json", Data: d,
	})
	if err != nil {
		return nil, fmt.Errorf("encode notice: %w", err)
	}
	return raw, nil
}

// message is for people who read one notice and know nothing of tokenstate.
func message(n Notice) string {
	why := strings.ReplaceAll(n.Reason, "_", " ")
	switch n.Type {
	case LoginNeeded:
		return fmt.Sprintf("The user's offline token for client %s no longer works (%s). The user must log in again. API keys go on working.", n.Subject.Client, why)
	case LoginRestored:
		return fmt.Sprintf("An offline token of the user for client %s works again.", n.Subject.Client)
	case LoginExpiring:
		return fmt.Sprintf("The user's login at client %s ends at %s, if its offline token is not used before that puts it off. "+
			"Have the user log in again. API keys go on working.", n.Subject.Client, n.Expires.Millis().Time().UTC().Format(time.RFC3339))
	case UserClosed:
		return fmt.Sprintf("The user can do nothing more (%s). Neither offline tokens nor API keys work.", why)
	case UserOpened:
		return "The user is active again. API keys work, and offline tokens whose sessions live."
	case KeyExpiring:
		return fmt.Sprintf("The API key %s expires at %s. Rotate it before.", n.Subject.Key, n.Expires.Millis().Time().UTC().Format(time.RFC3339))
	}
	return ""
}
