// Package openhands takes over what the backend of OpenHands keeps: API keys in plaintext and
// encrypted offline tokens. It reads that backend's database, never writes to it, and gives what
// it finds to interfaces of its own; nobody's token is refreshed to find out whether it lives.
//
// The names of tables, columns and ciphertexts are those of OpenHands' own code.
package openhands
