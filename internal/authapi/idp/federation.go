package idp

import (
	"context"
	"errors"
)

// Federation finds users by who they are elsewhere. An error other than those below means that
// nothing was learnt.
type Federation interface {
	// FindLinked finds the one user who is linked to an id at an identity provider's alias.
	FindLinked(ctx context.Context, alias, id string) (user string, err error)
	// FindByEmail finds who has an e-mail address; ErrUserStore.
	FindByEmail(ctx context.Context, email string) (users []string, err error)
}

// Answers of Federation.
var (
	ErrNoSuchUser = errors.New("nobody is linked to this identity")
	ErrSeveral    = errors.New("several users are linked to this identity")
	ErrUserStore  = errors.New("a search would have Keycloak ask a user store")
)
