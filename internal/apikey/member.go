package apikey

// Member is a user's membership in an organization.
type Member struct{ Realm, Org, User string }
