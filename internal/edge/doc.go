// Package edge tests what stands in front of authapi, or only looks at it from outside: nginx and
// schemathesis really run, Envoy's and Traefik's configurations are read. It is empty without its
// build tag: run `make test-edge`.
package edge
