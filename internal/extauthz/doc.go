// Package extauthz is authapi's decision in Envoy's protocol, envoy.service.auth.v3.Authorization.
// It decides nothing: it translates headers in, and an answer out.
package extauthz
