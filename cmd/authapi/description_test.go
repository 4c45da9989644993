package main

import (
	"net/http"
	"testing"
)

// Ensure the description says that either credential gets an access token, and what forms hold.
func TestDescription(t *testing.T) {
	w := newWorld(t)
	paths := w.ask(http.MethodGet, "/openapi.json", nil).want(t, http.StatusOK).body["paths"].(map[string]any)
	post := func(path string) map[string]any { return paths[path].(map[string]any)["post"].(map[string]any) }
	if either := post("/v1/users/{user_id}/access-token")["security"].([]any); len(either) != 2 || either[0].(map[string]any)["service"] == nil || either[1].(map[string]any)["key"] == nil {
		t.Errorf("access-token: %v", either)
	}
	for path, member := range map[string]string{"/oauth2/introspect": "token", "/v1/backchannel-logout": "logout_token"} {
		content := post(path)["requestBody"].(map[string]any)["content"].(map[string]any)
		schema := content[formType].(map[string]any)["schema"].(map[string]any)
		if len(content) != 1 || schema["required"].([]any)[0] != member || schema["properties"].(map[string]any)[member].(map[string]any)["type"] != "string" {
			t.Errorf("%s: %v", path, content)
		}
	}
}
