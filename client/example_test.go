package client_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"

	"golang.org/x/oauth2"

	"github.com/tokenstate/tokenstate/client"
)

// authapi stands for a running one: ann's key is valid, and her offline token is dead.
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
	return httptest.NewServer(mux)
}

func ExampleClient_Me() {
	server := authapi()
	defer server.Close()
	api, err := client.New(server.URL)
	if err != nil {
		panic(err)
	}
	me, err := api.Me(context.Background(), "anns-key")
	if err != nil {
		panic(err)
	}
	fmt.Println(me.UserID, me.Key.Name, me.Token.State)
	// Output: ann automation revoked
}

// A token source tells a dead token from an outage, and asks Keycloak in neither case.
func ExampleClient_TokenSource() {
	server := authapi()
	defer server.Close()
	api, err := client.New(server.URL, client.WithServiceKey("the backend's credential"))
	if err != nil {
		panic(err)
	}
	source := api.TokenSource(context.Background(), "ann", "app") // oauth2.NewClient takes it, too
	_, err = source.Token()
	var p *client.Problem
	switch {
	case errors.Is(err, client.ErrUnavailable):
		fmt.Println("try again later")
	case errors.As(err, &p):
		fmt.Println(p.Reason, "since", p.Since.Format("15:04"), "log in at", p.LoginURL)
	}
	// Output: session_ended since 10:00 log in at https://app.example/login
}

func ExampleClient_Middleware() {
	server := authapi()
	defer server.Close()
	api, err := client.New(server.URL)
	if err != nil {
		panic(err)
	}
	hello := api.Middleware(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id, _ := client.IdentityFrom(r.Context())
		_, _ = fmt.Fprint(w, "hello "+id.UserID)
	}))
	for _, key := range []string{"anns-key", "no key"} {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.Header.Set("Authorization", "Bearer "+key)
		w := httptest.NewRecorder()
		hello.ServeHTTP(w, r)
		fmt.Println(w.Code)
	}
	// Output:
	// 200
	// 401
}

// A backend that keeps its offline tokens itself: it is asked before each refresh.
func ExampleSelfRefresh() {
	api, err := client.New("https://authapi.example", client.WithServiceKey("the backend's credential"))
	if err != nil {
		panic(err)
	}
	stored := "eyJ…" // in the backend's own table
	source := client.SelfRefresh{
		Client: api,
		OAuth: oauth2.Config{
			ClientID: "app", ClientSecret: "…",
			Endpoint: oauth2.Endpoint{TokenURL: "https://id.example/realms/demo/protocol/openid-connect/token"},
		},
		Load: func(context.Context) (string, error) { return stored, nil },
		Save: func(_ context.Context, next string) error { stored = next; return nil },
	}.TokenSource(context.Background())
	_, err = source.Token()
	fmt.Println(err)
	// Output: tokenstate: this is no offline token of Keycloak, or it says neither whose it is nor of which session
}
