// Package edge tests what stands in front of authapi, or only looks at it from outside. nginx, Envoy, Caddy, HAProxy and
// schemathesis really run; Traefik's configuration is read. Without its build tag only the headers that the examples take
// out are held: run `make test-edge`.
package edge
