package main

import (
	"context"
	"slices"

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
func (o *operator) about(ctx context.Context, s tokenstate.Scope) (recovery.State, error) {
	users, realms := []string{s.User}, []string{s.Realm}
	var err error
	switch {
	case s.User == "" && s.Session == "":
		return o.state(ctx)
	case s.User == "":
		users, err = o.whose(ctx, s)
	case s.Realm == "":
		realms, err = o.store().RealmsHeard(ctx)
	}
	if err != nil {
		return recovery.State{}, err
	}
	return o.around(ctx, realms, users...)
}

// around is state as far as it concerns users, in some realms.
func (o *operator) around(ctx context.Context, realms []string, users ...string) (all recovery.State, err error) {
	all.Facts = tokenstate.NewFacts()
	for _, realm := range realms {
		one, err := adapters.StateAround(ctx, o.pool, realm, users...)
		if err != nil {
			return all, err
		}
		all.Facts, all.Rules = tokenstate.Join(all.Facts, one.Facts), one.Rules
		all.Tokens, all.Keys = append(all.Tokens, one.Tokens...), append(all.Keys, one.Keys...)
	}
	return all, nil
}

// whose are the users whom the tokens of a session name: several, where clients call one user differently; without a token
// there is nobody, and nothing comes under the session.
func (o *operator) whose(ctx context.Context, s tokenstate.Scope) (users []string, err error) {
	named, err := o.store().TokensNamed(ctx, s.Realm, s.Session)
	for _, t := range named {
		if t.Token.Session == s.Session && !slices.Contains(users, t.Token.User) {
			users = append(users, t.Token.User)
		}
	}
	return users, err
}
