package devstack

import (
	"context"
	"fmt"
	"net/url"

	"github.com/jackc/pgx/v5"
)

// login makes a user of the run's own cluster who has the rights of one of the schema's roles
// and no others, and gives the URL to connect by. On a server that was given to us no users are
// made: there the programs connect as its owner wants.
func (s *Stack) login(ctx context.Context, role string) (string, error) {
	u, err := url.Parse(s.Env.DatabaseURL)
	if err != nil || s.Env.PostgresPID == 0 {
		return s.Env.DatabaseURL, nil
	}
	conn, err := connect(ctx, s.Env.DatabaseURL)
	if err != nil {
		return "", err
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	name, password := role+"_login", randomText()
	const create = "CREATE ROLE %s LOGIN PASSWORD '%s' IN ROLE %s" // DDL takes no parameters; the password is base32
	if _, err := conn.Exec(ctx, fmt.Sprintf(create, pgx.Identifier{name}.Sanitize(), password, pgx.Identifier{role}.Sanitize())); err != nil {
		return "", fmt.Errorf("make the database user %s: %w", name, err)
	}
	u.User = url.UserPassword(name, password)
	if s.opts.Standby { // whichever of the two is the primary
		u.Host += "," + (&Cluster{s.standby}).Addr()
		u.RawQuery += "&target_session_attrs=read-write"
	}
	return u.String(), nil
}
