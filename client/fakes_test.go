package client_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/tokenstate/tokenstate/client"
)

// authapi stands for a running one. Ann's key is valid, and her offline token is dead; Bob's lives.
func authapi() *httptest.Server {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /api/v1/users/me", func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer anns-key" {
			w.WriteHeader(http.StatusUnauthorized)
			_, _ = fmt.Fprint(w, `{"type":"urn:tokenstate:problem:unauthorized","status":401,"reason":"unknown"}`)
			return
		}
		_, _ = fmt.Fprint(w, `{"user_id":"ann","org_id":null,"key":{"id":"1","name":"automation","kind":"system"},"token":{"state":"revoked","reason":"session_ended"}}`)
	})
	mux.HandleFunc("POST /v1/users/ann/access-token", func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusConflict)
		_, _ = fmt.Fprint(w, `{"type":"urn:tokenstate:problem:offline-token-revoked","status":409,"reason":"session_ended","since":"2026-11-25T10:00:00Z","login_url":"https://app.example/login"}`)
	})
	mux.HandleFunc("POST /api/service/users/ann/orgs/acme/api-keys", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = fmt.Fprint(w, `{"key":"anns-key","user_id":"ann","org_id":"acme","name":"automation"}`)
	})
	mux.HandleFunc("POST /v1/decide", func(w http.ResponseWriter, r *http.Request) {
		var asked struct{ Items []client.Question }
		_ = json.NewDecoder(r.Body).Decode(&asked)
		items := []client.Verdict{}
		for _, q := range asked.Items {
			v := client.Verdict{State: client.Usable}
			if q.UserID == "ann" {
				since := time.Date(2026, 11, 25, 10, 0, 0, 0, time.UTC)
				v = client.Verdict{State: client.Revoked, Reason: "session_ended", Since: &since}
			}
			items = append(items, v)
		}
		_ = json.NewEncoder(w).Encode(map[string]any{"items": items})
	})
	mux.HandleFunc("POST /v1/refresh-outcomes", func(w http.ResponseWriter, _ *http.Request) { _, _ = fmt.Fprint(w, `{"recorded":false}`) })
	return httptest.NewServer(mux)
}

// keycloak stands for the token endpoint, and says when it is asked.
func keycloak() *httptest.Server {
	return httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fmt.Println("Keycloak refreshes a token") //nolint:forbidigo // an example's output
		w.Header().Set("Content-Type", "application/json")
		_, _ = fmt.Fprint(w, `{"access_token":"an access token","token_type":"Bearer","expires_in":300}`)
	}))
}

// offlineToken is one in Keycloak's form; nobody here looks at its signature.
func offlineToken(user string) string {
	claims, _ := json.Marshal(map[string]any{"sub": user, "azp": "app", "sid": "session of " + user, "iat": 1764000000})
	return "e30." + base64.RawURLEncoding.EncodeToString(claims) + ".c2ln"
}
