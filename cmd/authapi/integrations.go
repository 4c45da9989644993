package main

import (
	"github.com/tokenstate/tokenstate/internal/settings"
)

// integrations are what runs in a user's name without the user.
type integrations struct{ appName string }

func (i *integrations) addTo(t *settings.Table) {
	t.Text(&i.appName, "AUTHAPI_APP_NAME", "", "the application's name in messages to users")
}
