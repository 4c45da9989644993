package stream

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/nats-io/nats.go"
)

// ErrEmptySecret says that a NATS address names a user without a password.
var ErrEmptySecret = errors.New("a NATS address holds an empty user or password: set the one of NATS's user")

// CheckSecrets refuses an address with an empty user or password in it. It would work wherever
// NATS was started with that password unset, and there it works for everybody.
func CheckSecrets(addresses string) error {
	for address := range strings.SplitSeq(addresses, ",") {
		u, err := url.Parse(strings.TrimSpace(address))
		if err != nil || u.User == nil {
			continue // what cannot be parsed is refused by the client
		}
		if password, given := u.User.Password(); u.User.Username() == "" || given && password == "" {
			return ErrEmptySecret
		}
	}
	return nil
}

// OpenTo tells which of these users NATS lets in with an empty password, as it does where
// nats.conf takes it from a variable that is set to nothing.
func OpenTo(ctx context.Context, o Options, users ...string) (open []string, err error) {
	address, err := bare(o.URL)
	if err != nil {
		return nil, err
	}
	for _, user := range users {
		if err := ctx.Err(); err != nil {
			return nil, fmt.Errorf("try an empty password: %w", err)
		}
		settings := []nats.Option{nats.UserInfo(user, ""), nats.Timeout(tryFor), nats.NoReconnect(), nats.Name(o.Name + ", trying an empty password")}
		if o.TLS != nil {
			settings = append(settings, nats.Secure(o.TLS))
		}
		conn, err := nats.Connect(address, settings...)
		switch {
		case err == nil:
			conn.Close()
			open = append(open, user)
		case !errors.Is(err, nats.ErrAuthorization):
			return nil, errors.New("try an empty password: NATS does not answer")
		}
	}
	return open, nil
}

// bare are the addresses without what they hold of users and passwords.
func bare(addresses string) (string, error) {
	var out []string
	for address := range strings.SplitSeq(addresses, ",") {
		u, err := url.Parse(strings.TrimSpace(address))
		if err != nil {
			return "", errors.New("a NATS address cannot be read")
		}
		u.User = nil
		out = append(out, u.String())
	}
	return strings.Join(out, ","), nil
}
