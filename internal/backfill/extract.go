package backfill

import (
	"encoding/json"
	"strings"
	"unicode/utf8"

	"github.com/tokenstate/tokenstate/internal/events"
)

// What is taken of a row is what the listener takes of the event (Extractor.java): the same
// types, the same details, nothing personal. A test on a real Keycloak compares the two.

// userTypes can kill a token, or come before one that will be looked at.
var userTypes = []string{
	"LOGOUT", "REVOKE_GRANT", "USER_SESSION_DELETED", "REFRESH_TOKEN_ERROR", "DELETE_ACCOUNT",
	"USER_DISABLED_BY_PERMANENT_LOCKOUT", "UPDATE_CONSENT", "CLIENT_UPDATE", "CLIENT_DELETE", "LOGIN", "CODE_TO_TOKEN",
}

// Those that can prove something by themselves: tokenstate.Learn says which of them do.
var (
	finalUserTypes = []string{"REVOKE_GRANT", "DELETE_ACCOUNT"}
	finalResources = []string{"USER", "REALM"}
)

// adminResources can kill or revive a token; the value says whether their CREATE can.
var adminResources = map[string]bool{
	"USER": true, "USER_SESSION": true, "REALM": true, "REALM_ROLE": false, "REALM_ROLE_MAPPING": true,
	"CLIENT_ROLE": false, "CLIENT_ROLE_MAPPING": true, "GROUP": false, "GROUP_MEMBERSHIP": true, "CLIENT": false, "CLIENT_SCOPE": false,
	"CLIENT_SCOPE_CLIENT_MAPPING": true, "REALM_SCOPE_MAPPING": true, "CLIENT_SCOPE_MAPPING": true, "COMPONENT": true,
	"USER_FEDERATION_PROVIDER": true,
	"IDENTITY_PROVIDER":        false, "ORGANIZATION": false, "ORGANIZATION_MEMBERSHIP": true,
}

var details = []string{
	"refresh_token_type", "refresh_token_id", "refresh_token_sub", "revoked_client", "token_id", "client_auth_method",
	"reason", "logout_triggered_by_required_action", "logout_triggered_by_action_token", "grant_type",
}

const (
	maxText = 255
	maxPath = 1024
	maxRepr = 1 << 20
)

// userEvent is nil for a row that concerns nobody here. Its event id and client UUID are the
// caller's to fill in.
func userEvent(e UserEvent) *events.Happened {
	birth := e.Type == "LOGIN" || e.Type == "CODE_TO_TOKEN"
	if birth && e.Details["refresh_token_type"] != "Offline" {
		return nil
	}
	h := &events.Happened{
		Kind: "user", Type: e.Type, User: id(e.UserID), Session: id(e.SessionID), ClientID: id(e.ClientID),
		Error: cut(e.Error, maxText), Details: map[string]string{},
	}
	if e.UserID == "" {
		h.User = id(e.Details["refresh_token_sub"])
	}
	if about, ok := e.Details["revoked_client"]; ok {
		h.ClientID = id(about)
	}
	for _, name := range details {
		if v, ok := e.Details[name]; ok {
			h.Details[name] = cut(v, maxText)
		}
	}
	return h
}

// adminEvent also says which realm the row is about: a realm is made and removed in the
// administrators' realm, so there the path names it.
func adminEvent(e AdminEvent, realm string) (about string, h *events.Happened) {
	onCreate, known := adminResources[e.ResourceType]
	created := e.OperationType == "CREATE" && !onCreate && !strings.HasSuffix(e.ResourcePath, "/composites")
	if !known || created || e.Error != "" {
		return "", nil
	}
	h = &events.Happened{
		Kind: "admin", Type: e.OperationType + " " + e.ResourceType, Path: cut(e.ResourcePath, maxPath), Details: map[string]string{},
	}
	p := pathOf(e.ResourcePath)
	within := strings.Contains(e.ResourcePath, "/")
	if e.ResourceType == "REALM" && e.OperationType == "CREATE" && within && p.user == "" {
		return "", nil // a partial import tells what it made so; only a user can have been there before
	}
	if e.ResourceType == "REALM" && (e.OperationType == "DELETE" || e.OperationType == "CREATE") && !within {
		realm = e.ResourcePath
		if e.OperationType == "DELETE" {
			h.RealmName = cut(realm, maxText)
		}
	}
	h.Actor = actorOf(e)
	if e.Representation != "" {
		h.Representation = reduce(e.Representation)
	}
	h.User, h.Session, h.Client, h.ClientID = p.user, p.session, p.client, p.clientID
	if r := h.Representation; r != nil && e.ResourceType == "CLIENT" && h.Client != "" && h.ClientID == "" && r.ClientID != nil {
		h.ClientID = *r.ClientID
	}
	return realm, h
}

// actorOf is nil where nobody is named.
func actorOf(e AdminEvent) *events.Actor {
	by := e.AuthDetails
	a := events.Actor{User: id(by.UserID), Client: id(by.ClientID), Realm: id(by.RealmID)}
	if a == (events.Actor{}) {
		return nil
	}
	return &a
}

// reduce keeps what the listener keeps; a member of another type counts as absent, and so does
// what is too large: a look follows in any case.
func reduce(text string) *events.Representation {
	var all map[string]json.RawMessage
	out := &events.Representation{}
	if len(text) > maxRepr || json.Unmarshal([]byte(text), &all) != nil {
		return out
	}
	out.Offline, out.Enabled = member[bool](all["offline"]), member[bool](all["enabled"])
	out.ConsentRequired, out.NotBefore = member[bool](all["consentRequired"]), member[int64](all["notBefore"])
	if out.ClientID = member[string](all["clientId"]); out.ClientID != nil && id(*out.ClientID) == "" {
		out.ClientID = nil
	}
	return out
}

// member is nil for another type. (To unmarshal into a field would leave a false or 0 there, and
// "offline":"false" would say that an online session was ended.)
func member[T any](raw json.RawMessage) *T {
	var v *T
	if json.Unmarshal(raw, &v) != nil {
		return nil
	}
	return v
}

// id is s, or nothing if it is longer than an id can be: a cut id would name somebody else.
func id(s string) string {
	if len(s) > maxText || !utf8.ValidString(s) || strings.ContainsFunc(s, unprintable) {
		return ""
	}
	return s
}

// cut shortens free text on a boundary of characters.
func cut(s string, most int) string {
	s = strings.Map(func(r rune) rune {
		if unprintable(r) {
			return utf8.RuneError
		}
		return r
	}, strings.ToValidUTF8(s, string(utf8.RuneError)))
	for len(s) > most {
		_, size := utf8.DecodeLastRuneInString(s)
		s = s[:len(s)-size]
	}
	return s
}

// unprintable are controls, NUL above all: Postgres stores none.
func unprintable(r rune) bool { return r < 0x20 || r == 0x7f }
