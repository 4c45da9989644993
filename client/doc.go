// Package client asks authapi of tokenstate. Its parts can be used one by one:
//
//   - Client makes every call of the API: who holds an API key, mint one, decide, get an access token, and so on.
//   - TokenSource and SelfRefresh are oauth2.TokenSources of a user's offline token. Neither
//     refreshes a token that is known to be dead, and the error says why, since when, and where the
//     user logs in again. TokenSource is for offline tokens that authapi keeps, SelfRefresh for a
//     backend that keeps them itself.
//   - Middleware lets requests with a valid API key pass a net/http handler.
//
// # To begin with
//
//	api, err := client.New("https://authapi.example", client.WithServiceKey(os.Getenv("AUTHAPI_SERVICE_KEY")))
//
// `authapi service-keys add` makes the credential. Me and Middleware need none: there the user's own
// API key is what counts. One Client is enough for a program, and it remembers which state it has
// seen: two would not drop what they keep as soon as either hears of a change.
//
// # Errors
//
// What authapi refuses is a *Problem, which errors.Is compares with the sentinels of this package;
// errors.As gives its Reason, Since, EventID, LoginURL and RetryAt. That no answer came is an
// *UnreachableError, and is ErrUnavailable as well.
//
//	switch _, err := source.Token(); {
//	case errors.Is(err, client.ErrTokenRevoked): // have the user log in again; a logout stops no API key
//	case errors.Is(err, client.ErrTokenSuspended): // refused for now, such as while the user is disabled
//	case errors.Is(err, client.ErrNoToken): // the user has never logged in with offline access
//	case errors.Is(err, client.ErrUnavailable): // nothing was decided
//	}
//
// A call that authapi could only refuse is not sent: its error is an *InvalidError, which says what to set.
//
// Upon ErrUnavailable try again, and neither log anybody out nor delete a key or token: nothing is
// wrong with them. This package repeats no call by itself.
package client
