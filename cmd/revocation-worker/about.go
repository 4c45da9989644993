package main

import (
	"context"

	"github.com/tokenstate/tokenstate/internal/recovery"
	"github.com/tokenstate/tokenstate/internal/recovery/adapters"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

// state is what the verdicts are made of now: all of it, for which ten million tokens take minutes and gigabytes.
func (o *operator) state(ctx context.Context) (recovery.State, error) {
	return adapters.State(ctx, o.pool)
}

// about is state as far as it concerns one user, named or by a session of theirs; where neither is, it is all. Without a
// realm they may be in any.
func (o *operator) about(ctx context.Context, s tokenstate.Scope) (all recovery.State, err error) {
	if s.User == "" && s.Session != "" {
		if s.User, err = o.whose(ctx, s); err != nil {
			return all, err
		}
	}
	if s.User == "" {
		return o.state(ctx)
	}
	realms := []string{s.Realm}
	if s.Realm == "" {
		if realms, err = o.store().RealmsHeard(ctx); err != nil {
			return all, err
		}
	}
	all.Facts = tokenstate.NewFacts()
	for _, realm := range realms {
		one, err := adapters.StateAround(ctx, o.pool, realm, s.User)
		if err != nil {
			return all, err
		}
		all.Facts, all.Rules = tokenstate.Join(all.Facts, one.Facts), one.Rules
		all.Tokens, all.Keys = append(all.Tokens, one.Tokens...), append(all.Keys, one.Keys...)
	}
	return all, nil
}

// whose is the user whom the tokens of a session name; "" if there is none, or several.
func (o *operator) whose(ctx context.Context, s tokenstate.Scope) (user string, err error) {
	named, err := o.store().TokensNamed(ctx, s.Realm, s.Session)
	for _, t := range named {
		if t.Token.Session == s.Session && user != "" && t.Token.User != user {
			return "", nil
		}
		if t.Token.Session == s.Session {
			user = t.Token.User
		}
	}
	return user, err
}
