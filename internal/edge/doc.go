// Package edge tests what stands in front of authapi, or only looks at it from outside: nginx and
// schemathesis really run, Envoy's and Traefik's configurations are read. Without its build tag only the
// headers that the examples take out are held: run `make test-edge`.
package edge
