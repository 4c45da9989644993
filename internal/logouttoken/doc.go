// Package logouttoken verifies back-channel logout tokens (OpenID Connect Back-Channel Logout
// 1.0). go-oidc covers issuer, audience, expiry, nonce, jti and subject; signature keys from one
// pinned place, typ, the age of iat, the events and strict JSON are ours. Replay is the caller's:
// only a database can know it for all replicas.
package logouttoken
