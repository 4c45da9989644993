// Package truth holds the differential test: real actions on a real Keycloak, then for every
// token tokenstate's verdict against Keycloak's own answer to a refresh.
//
// This is its first form: the listener, the log, Learn, Due, looks and Judge, in one process
// and without the worker, the database and authapi.
package truth
