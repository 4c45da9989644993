package keycloak

import "context"

// form posts to one of our realm's OpenID Connect endpoints as our client, with
// the credentials in the form. gocloak's own calls put them into a Basic header
// unescaped, where RFC 6749 wants them escaped: with a secret like "p+l%41us"
// Keycloak answers 401 (measured). So these calls do not use gocloak's.
func (c *conn) form(ctx context.Context, s spec, endpoint string, fields map[string]string, out any) (*answer, error) {
	fields["client_id"], fields["client_secret"] = c.cfg.ClientID, c.cfg.ClientSecret.Reveal()
	url := c.cfg.BaseURL + "/realms/" + c.realmSeg + "/protocol/openid-connect/" + endpoint
	return c.do(ctx, s, func(ctx context.Context) error {
		r := c.g.GetRequest(ctx).SetFormData(fields)
		if out != nil {
			r.SetResult(out)
		}
		_, err := r.Post(url)
		return err
	})
}
