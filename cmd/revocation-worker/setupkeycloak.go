package main

import (
	"context"

	"github.com/tokenstate/tokenstate/internal/doctor"
	"github.com/tokenstate/tokenstate/internal/keycloak"
)

// client is the worker's, with what it may do.
func (s *setup) client(ctx context.Context, k *keycloak.Setup) error {
	made, err := k.Worker(ctx, s.ClientID, s.ClientSecret)
	if err != nil {
		return err
	}
	var changed []string
	if made {
		changed = []string{"made"}
	}
	s.did("the worker's client", changed)
	for _, g := range []struct {
		realm string
		roles []string
	}{{s.realm, doctor.Roles}, {s.AdminRealm, []string{"view-events"}}} {
		given, err := k.Grant(ctx, s.ClientID, g.realm, g.roles)
		if err != nil {
			return err
		}
		s.did("its roles on realm "+g.realm, given)
	}
	read, err := k.Reader(ctx, s.ClientID)
	if err != nil {
		return err
	}
	s.did("its role for the jar's read-only resource", read)
	return nil
}

// events has Keycloak keep them, for what the listener misses.
func (s *setup) events(ctx context.Context, k *keycloak.Setup) error {
	want := keycloak.EventSettings{Types: doctor.Types, UserExpiry: keepEvents, AdminExpiry: keepEvents}
	saved, err := k.SaveEvents(ctx, s.realm, want)
	if err != nil {
		return err
	}
	s.did("events of realm "+s.realm, saved)
	if saved, err = k.SaveAdminEvents(ctx, s.AdminRealm, keepEvents); err != nil {
		return err
	}
	s.did("admin events of realm "+s.AdminRealm, saved)
	return nil
}

func (s *setup) listeners(ctx context.Context, k *keycloak.Setup) error {
	for _, realm := range []string{s.realm, s.AdminRealm} {
		listed, err := k.Listen(ctx, realm)
		if err != nil {
			return err
		}
		s.did("the listener of realm "+realm, listed)
	}
	return nil
}

// optional are parts that were asked for.
func (s *setup) optional(ctx context.Context, k *keycloak.Setup) error {
	if s.withCanary {
		s.canary.Disables = s.canaryDisable == "on"
		made, err := k.Canary(ctx, s.realm, s.canary)
		if err != nil {
			return err
		}
		s.did("the canary's client and user", made)
	}
	if !s.withConsole {
		return nil
	}
	made, err := k.Console(ctx, s.consoleClient, s.consoleSecret, s.consoleURL)
	s.did("the console's client", made)
	return err
}
