package keycloak

import (
	"context"
	"errors"
	"time"

	"github.com/Nerzal/gocloak/v13"
)

// RealmLook is what the admin API shows of a realm.
type RealmLook struct {
	At        time.Time // not later than the reading, by Keycloak's clock
	Gone      bool      // no such realm; the rest is then zero
	Enabled   bool
	NotBefore int64 // seconds; 0 = none. logout-all sets it and deletes rows besides (26.5+)
	Name      string
	// FrontendURL is the realm's own address; "": it has none, and its tokens carry Keycloak's.
	FrontendURL string
	RefreshOnce bool // each refresh token is good once
}

// LookRealm asks GET realms/{realm} (role view-realm). It does not know keys,
// organisations or remember-me. A 404 counts as Gone only if the realm's public
// page is missing, too, while the administrators' realm has one: a proxy that
// hides /admin must not look like the end of a realm.
func (a *Admin) LookRealm(ctx context.Context, realm string) (RealmLook, error) {
	var rep *gocloak.RealmRepresentation
	name := realm
	if err := segments(&name); err != nil {
		return RealmLook{}, err
	}
	ans, err := a.account.as(ctx, spec{name: "realm", want: object, reads: true}, func(ctx context.Context, token string) (err error) {
		rep, err = a.account.g.GetRealm(ctx, token, name)
		return err
	})
	if err != nil {
		return RealmLook{}, err
	}
	switch err := ans.rejected(); {
	case errors.Is(err, ErrNotFound):
		if err := a.realmMissing(ctx, name); err != nil {
			return RealmLook{}, err
		}
		return RealmLook{At: ans.at, Gone: true}, nil
	case err != nil:
		return RealmLook{}, err
	case rep.Enabled == nil:
		// Without view-realm Keycloak answers 200 with the name alone.
		return RealmLook{}, ans.unknown("the realm came without its settings; our client needs view-realm")
	}
	return RealmLook{
		At: ans.at, Enabled: *rep.Enabled, NotBefore: int64(gocloak.PInt(rep.NotBefore)),
		Name: gocloak.PString(rep.Realm), FrontendURL: frontendOf(rep),
		RefreshOnce: gocloak.PBool(rep.RevokeRefreshToken) && gocloak.PInt(rep.RefreshTokenMaxReuse) == 0,
	}, nil
}

func frontendOf(rep *gocloak.RealmRepresentation) string {
	if rep.Attributes == nil {
		return ""
	}
	own := []rune((*rep.Attributes)["frontendUrl"])
	return string(own[:min(len(own), 1024)]) // a longer one is cut, and is nobody's issuer then
}

// realmMissing is nil if the public side confirms that the realm is gone.
func (a *Admin) realmMissing(ctx context.Context, realm string) error {
	for _, check := range []struct {
		realm  string
		status int
	}{{realm, 404}, {a.account.realmSeg, 200}} {
		ans, err := a.account.do(ctx, spec{name: "public realm", want: object, reads: true}, func(ctx context.Context) error {
			_, err := a.account.g.GetIssuer(ctx, check.realm)
			return err
		})
		if err != nil {
			return err
		}
		if ans.status != check.status {
			return ans.unknown("the admin API does not know the realm, but its public side does not agree")
		}
	}
	return nil
}

// realmThere is nil if the admin API knows the realm, so that a 404 on something
// in it is about that thing. If the realm is gone, too, it is ErrNotFound.
func (a *Admin) realmThere(ctx context.Context, realm string) error {
	look, err := a.LookRealm(ctx, realm)
	if err == nil && look.Gone {
		return ErrNotFound
	}
	return err
}

// noneOf explains a 404 on a list that every realm has: ErrNotFound if the realm
// is surely gone, else unknown.
func (a *Admin) noneOf(ctx context.Context, realm string, ans *answer) error {
	if err := a.realmThere(ctx, realm); err != nil {
		return err
	}
	return ans.unknown("not found in a realm that exists; look again")
}
