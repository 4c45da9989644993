package events

// KindProvider is the kind of what Keycloak's own parts tell each other inside a change that no
// user event and no admin event tells. The listener alone hears it: Keycloak does not store it, so
// no backfill finds it again.
const KindProvider = "provider"

// The types of kind provider.
const (
	UserRemoved      = "USER_REMOVED"       // by an import, a workflow, a service account switched off …
	UserPreRemoved   = "USER_PRE_REMOVED"   // about to be removed; nothing tells whether that was done
	UserRolesChanged = "USER_ROLES_CHANGED" // a role or group of one user
	WorkflowStep     = "WORKFLOW_STEP"      // a workflow did something to one user
	ClientRemoved    = "CLIENT_REMOVED"     // by an import
	RolesChanged     = "ROLES_CHANGED"      // a role or group is gone: anybody may have had it
	ManyEvents       = "MANY_EVENTS"        // more happened in one transaction than is told one by one
)

// StoreDetail names the user store that a removed user came from.
const StoreDetail = "store"
