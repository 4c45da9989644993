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

// A backend mints a key for a user's automation. Every mint gives the same one, so it need not be kept.
func ExampleClient_Mint() {
	server := authapi()
	defer server.Close()
	api, err := client.New(server.URL, client.WithServiceKey("the backend's credential"))
	if err != nil {
		panic(err)
	}
	key, err := api.Mint(context.Background(), "ann", "acme", "automation")
	if err != nil {
		panic(err)
	}
	fmt.Println(key)
	// Output: anns-key
}

// Before a night's work, a scheduler asks at once about all whose tokens it will need.
func ExampleClient_Decide() {
	server := authapi()
	defer server.Close()
	api, err := client.New(server.URL, client.WithServiceKey("the backend's credential"))
	if err != nil {
		panic(err)
	}
	users := []client.Question{{UserID: "ann"}, {UserID: "bob"}}
	verdicts, _, err := api.Decide(context.Background(), users...)
	if err != nil {
		panic(err)
	}
	for i, v := range verdicts {
		fmt.Println(users[i].UserID, v.State, v.Reason)
	}
	// Output:
	// ann revoked session_ended
	// bob usable
}

// Nothing was decided: the key may be good, and whoever sent it must not be told 401.
func ExampleUnreachableError() {
	server := authapi()
	server.Close()
	api, err := client.New(server.URL)
	if err != nil {
		panic(err)
	}
	_, err = api.Me(context.Background(), "anns-key")
	fmt.Println(errors.Is(err, client.ErrUnavailable), errors.Is(err, client.ErrUnauthorized))
	// Output: true false
}

// A backend that keeps its offline tokens itself: authapi is asked before each refresh, and
// Keycloak never about a dead token.
func ExampleSelfRefresh() {
	server, idp := authapi(), keycloak()
	defer server.Close()
	defer idp.Close()
	api, err := client.New(server.URL, client.WithServiceKey("the backend's credential"))
	if err != nil {
		panic(err)
	}
	stored := map[string]string{"ann": offlineToken("ann"), "bob": offlineToken("bob")} // the backend's own table
	for _, user := range []string{"ann", "bob"} {
		source := client.SelfRefresh{
			Client: api,
			OAuth:  oauth2.Config{ClientID: "app", ClientSecret: "…", Endpoint: oauth2.Endpoint{TokenURL: idp.URL}},
			Load:   func(context.Context) (string, error) { return stored[user], nil },
			Save:   func(_ context.Context, next string) error { stored[user] = next; return nil },
		}.TokenSource(context.Background())
		token, err := source.Token()
		if err != nil {
			fmt.Println(err)
			continue
		}
		fmt.Println(user, "has", token.AccessToken)
	}
	// Output:
	// tokenstate: offline-token-revoked (409): session_ended since 2026-11-25T10:00:00Z: the offline token is dead: have the user log in again
	// Keycloak refreshes a token
	// bob has an access token
}
