package inspection

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"time"

	"github.com/tokenstate/tokenstate/internal/doctor"
	"github.com/tokenstate/tokenstate/internal/keycloak"
	"github.com/tokenstate/tokenstate/internal/tokenstate/postgres"
)

// keycloak asks about the realms that have tokens or keys, and the one that was named.
func (o *Operator) keycloak(ctx context.Context, s *doctor.Seen, realm string, counted map[string]doctor.Realm) error {
	admin, err := o.Config.Admin()
	if err != nil {
		return err
	}
	if _, known := counted[realm]; !known && realm != "" {
		counted[realm] = doctor.Realm{}
	}
	return (&Keycloak{admin, o.Store, o.Config.AdminRealm}).Realms(ctx, counted, s)
}

// Keycloak looks at realms as doctor and the worker's self-test both do.
type Keycloak struct {
	Admin      *keycloak.Admin
	Store      *postgres.Store
	AdminRealm string // the administrators'
}

// Realms adds what Keycloak says to what has been counted.
func (k *Keycloak) Realms(ctx context.Context, counted map[string]doctor.Realm, s *doctor.Seen) error {
	roles, err := k.Admin.Roles(ctx)
	if err != nil {
		return err
	}
	own, err := k.Admin.ServerVersion(ctx)
	if err != nil {
		return err
	}
	s.Version = cmp.Or(own, s.Version)
	s.NoGlobal = !keycloak.Since(s.Version, 1)
	s.Resource = Offered(ctx, k.Admin.Resource())
	heard, _ := k.Store.HeardRealms(ctx) // Postgres that is away has said so already
	for _, name := range slices.Sorted(maps.Keys(counted)) {
		r := k.one(ctx, name, roles[name], counted[name])
		r.Heard = slices.Contains(heard, name)
		s.Realms = append(s.Realms, r)
	}
	s.Admin = k.one(ctx, k.AdminRealm, roles[k.AdminRealm], doctor.Realm{})
	return nil
}

// one reads the database's clock before and after the question: on a slow machine they are far apart.
func (k *Keycloak) one(ctx context.Context, name string, roles []string, r doctor.Realm) doctor.Realm {
	r.Name, r.Roles = name, roles
	before, clockErr := k.Store.Now(ctx)
	e, err := k.Admin.EventSettings(ctx, name)
	if r.SavedUnknown = err != nil; r.SavedUnknown {
		return r // its roles say why
	}
	after, err := k.Store.Now(ctx)
	if r.Keycloak, r.Asked = e.At, e.At; clockErr == nil && err == nil {
		r.Keycloak, r.Asked = apart(before.Time(), after.Time(), e.At, e.Latest)
	}
	r.UserEvents, r.Types, r.UserExpiry = e.UserEvents, e.Types, e.UserExpiry
	r.AdminEvents, r.Details, r.AdminExpiry, r.Listeners = e.AdminEvents, e.AdminDetails, e.AdminExpiry, e.Listeners
	if look, err := k.Admin.LookRealm(ctx, name); err == nil && !look.Gone {
		r.RefreshOnce = &look.RefreshOnce
	}
	stores, _ := k.Admin.UserStores(ctx, name) // without view-realm, which its roles say
	for _, u := range stores {
		if u.Enabled && u.RemovesInvalid {
			r.Removing = append(r.Removing, u.Name)
		}
	}
	return r
}

// apart gives what two clocks showed at one moment, as near to each other as can be: neither is known better than to lie
// between two readings, which slow answers draw apart.
func apart(before, after, at, latest time.Time) (keycloak, database time.Time) {
	switch {
	case at.After(after):
		return at, after
	case latest.Before(before):
		return latest, before
	}
	return at, at
}

// Offered is why the resource is not used; "" if it is.
func Offered(ctx context.Context, r *keycloak.Resource) string {
	if err := r.Offered(ctx); err != nil {
		return err.Error()
	}
	return ""
}
