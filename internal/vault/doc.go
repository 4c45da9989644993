// Package vault seals offline tokens at rest and keeps the files of keys that authapi needs.
//
// Tokens are sealed with Tink (AES-256-GCM, nonces by Tink only) under a keyset held in memory;
// each ciphertext is bound to its row, so that one moved to another row does not open. The
// keyset is a clear JSON file of mode 0600; wrapping it by a KMS comes later.
package vault
