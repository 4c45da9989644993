// Package deploy holds the files with which tokenstate is deployed, so that devstack and the
// tests use the very same ones.
package deploy

import _ "embed"

// Realm is realm.json, a realm as Keycloak imports it. ${APP_SECRET} stands for the clients'
// secret; whoever imports it puts one there.
//
//go:embed realm.json
var Realm string

// NATS is nats.conf. The words that begin with $ are read from the server's environment, or
// from settings of the same name above the text.
//
//go:embed nats.conf
var NATS string
