package web

// Paths of calls that differ from the others in what is asked of their callers.
const (
	AccessTokenPath = "/v1/users/{user_id}/access-token" //nolint:gosec // a path
	BackChannelPath = "/v1/backchannel-logout"
	IntrospectPath  = "/oauth2/introspect"
)

// FormType is the content type of what is sent as a form.
const FormType = "application/x-www-form-urlencoded"
