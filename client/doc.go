// Package client asks authapi of tokenstate. It has three parts, and each can be used alone:
//
//   - Client makes the calls: who holds an API key, mint one, decide, get an access token.
//   - TokenSource and SelfRefresh are oauth2.TokenSources of a user's offline token. Neither
//     refreshes a token that is known to be dead, and the error says why, since when, and where the
//     user logs in again. TokenSource is for offline tokens that authapi keeps, SelfRefresh for a
//     backend that keeps them itself.
//   - Middleware lets requests with a valid API key pass a net/http handler.
//
// An error of authapi is a *Problem; errors.Is compares one with the sentinels of this package. A
// Problem of status 503 says that nothing was decided: try again, and neither log anybody out nor
// delete a key or token because of it.
package client
