package doctor

import (
	"fmt"
	"strings"

	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

// removing: a look past Keycloak's cache has Keycloak ask the directory, and whom that does not show at
// the moment, it removes: with roles, sessions and the id that keys are bound to. It does so by itself,
// too, at logins and in its own lists.
func removing(r Realm) []Finding {
	if len(r.Removing) == 0 {
		return nil
	}
	return []Finding{{
		"realm " + r.Name + ", user stores", Warning, "Keycloak removes whom it does not find there: " + strings.Join(r.Removing, ", "),
		"a directory that is mistyped or half there for ten seconds costs users their ids, roles and keys; they come back as other users",
		"switch `Remove invalid users` off in the provider's settings (config removeInvalidUsersEnabled=false, since Keycloak 26.1), if your directory may be away",
	}}
}

// emptied: the worker has stopped looking at the users of this realm's stores.
func emptied(r Realm) []Finding {
	if r.StoreGone < tokenstate.StoreGoneEnough {
		return nil
	}
	return []Finding{{
		"realm " + r.Name + ", users of its stores", Fault, fmt.Sprintf("%d were gone after its last change, and nobody was found", r.StoreGone),
		"no more of them are looked at over the admin API, which would have Keycloak remove them; what is known of them stays, in doubt",
		"correct the provider in Keycloak's user federation and save it; if they are really gone, save it as it is",
	}}
}

// reader: the resource is offered, and does not answer us.
func reader(s Seen) []Finding {
	for _, n := range s.Nodes {
		if n.Resource > 0 && s.Resource != "" && s.Unasked["keycloak"] == "" {
			return []Finding{{
				"keycloak's read-only resource", Warning, "is offered by " + n.Name + " and not used: " + s.Resource,
				"Keycloak is looked at over its admin API, which fills its caches and validates the users of directories",
				setup + " gives the worker's service account the realm role tokenstate-reader of master",
			}}
		}
	}
	return nil
}
