//go:build truth

package truth

import (
	"net/http"

	"github.com/tokenstate/tokenstate/internal/play"
)

// pairwise is the client_id of a client whose tokens name their user otherwise than Keycloak does.
const pairwise = "pairwise"

func init() {
	ofOne = append(ofOne, action{"login by grant, at a client with pairwise subjects", 3, func(w *world, p *person, _ *held, _ string) error {
		if err := w.pairwise(); err != nil {
			return err
		}
		t, err := w.keycloak.Grant(w.ctx, pairwise, p.name, play.Offline)
		return w.born(p, t, err)
	}})
}

// pairwise makes the client, once.
func (w *world) pairwise() error {
	w.making.Lock()
	defer w.making.Unlock()
	if w.pairs {
		return nil
	}
	err := w.call(http.MethodPost, "/clients", map[string]any{
		"clientId": pairwise, "secret": w.keycloak.Secret, "publicClient": false, "directAccessGrantsEnabled": true, "redirectUris": []string{"http://127.0.0.1/*"},
		"protocolMappers": []any{map[string]any{
			"name": "pairwise", "protocol": "openid-connect", "protocolMapper": "oidc-sha256-pairwise-sub-mapper",
			"config": map[string]string{"pairwiseSubAlgorithmSalt": "salt"},
		}},
	}, nil)
	w.pairs = err == nil
	return err
}
