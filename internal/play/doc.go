// Package play acts on a real system as its users do: people with browsers, an application, an
// administrator, and a backend that asks authapi. The demo and the truth test are scripts of it.
package play
