package apikey

// Member is a user's membership in an organization.
type Member struct {
	Realm string `json:"Realm"`
	Org   string `json:"Org"`
	User  string `json:"User"`
}
