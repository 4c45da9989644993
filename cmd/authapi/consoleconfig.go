package main

import (
	"errors"
	"net"
	"net/url"
	"slices"
	"strings"

	"github.com/tokenstate/tokenstate/internal/console"
	"github.com/tokenstate/tokenstate/internal/console/login"
	"github.com/tokenstate/tokenstate/internal/console/page"
	"github.com/tokenstate/tokenstate/internal/console/upstream"
	"github.com/tokenstate/tokenstate/internal/ops"
	"github.com/tokenstate/tokenstate/internal/secret"
	"github.com/tokenstate/tokenstate/internal/settings"
)

// consoleConfig is what the console can be told.
type consoleConfig struct {
	logging           ops.Logging
	database          secret.Text
	addr, adminAddr   string
	public, logins    string
	issuer, clientID  string
	clientSecret      secret.Text
	authapiURL, realm string
	serviceKey        secret.Text
	scrape            string
	tls               ops.TLSFiles
}

func (c *consoleConfig) table() *settings.Table {
	t := settings.New("CONSOLE_")
	c.logging.AddTo(t)
	t.Database(&c.database)
	t.Text(&c.addr, "CONSOLE_ADDR", "127.0.0.1:8090", "address of the pages")
	t.Text(&c.adminAddr, "CONSOLE_ADMIN_ADDR", "127.0.0.1:9092", "address of /livez, /readyz and /metrics")
	t.URL(&c.public, "CONSOLE_URL", true, "where people open it, such as https://tokenstate.example.com; without it http://CONSOLE_ADDR, on loopback only")
	t.Text(&c.logins, "CONSOLE_LOGIN", "oidc", "ways in, separated by commas: oidc, credential (a service credential, for when Keycloak is down), or none (on loopback only)")
	t.URL(&c.issuer, "CONSOLE_ISSUER", true, "of the administrators' realm, such as https://id.example.com/realms/master")
	t.Text(&c.clientID, "CONSOLE_CLIENT_ID", "tokenstate-console", "the confidential client in it, whose roles are viewer, support and operator: revocation-worker setup --console makes it")
	t.Secret(&c.clientSecret, "CONSOLE_CLIENT_SECRET", "its secret")
	t.URL(&c.authapiURL, "CONSOLE_AUTHAPI_URL", true, "the API of authapi, which is asked for stories and told orders")
	t.Secret(&c.serviceKey, "CONSOLE_SERVICE_KEY", "the console's credential there, with the scopes explain, decide and standing")
	t.Text(&c.realm, "CONSOLE_REALM", "", "the realm of that credential")
	t.Text(&c.scrape, "CONSOLE_SCRAPE", "", "admin addresses of the worker and of each authapi, separated by commas, such as http://10.0.0.2:9090: what their metrics say is plotted")
	t.Text(&c.tls.Cert, "CONSOLE_TLS_CERT", "", "PEM file; with it the pages are served over TLS; SIGHUP reads the files again")
	t.Text(&c.tls.Key, "CONSOLE_TLS_KEY", "", "PEM file of its key")
	t.Check(func() error {
		_, err := c.check()
		return err
	})
	return t
}

// check says all that is wrong at once, and gives where people open the console.
func (c *consoleConfig) check() (*url.URL, error) {
	var faults []error
	bad := func(text string) { faults = append(faults, errors.New(text)) }
	public := c.checkAddresses(bad)
	c.checkLogins(public, bad)
	if (c.authapiURL == "" || c.realm == "") && !c.serviceKey.Empty() {
		bad("CONSOLE_SERVICE_KEY needs CONSOLE_AUTHAPI_URL and CONSOLE_REALM beside it")
	}
	if len(c.programs()) > maxScraped || slices.ContainsFunc(c.programs(), notHTTP) {
		bad("CONSOLE_SCRAPE is not a list of at most 50 http or https addresses")
	}
	return public, errors.Join(faults...)
}

func (c *consoleConfig) checkAddresses(bad func(string)) *url.URL {
	if _, _, err := net.SplitHostPort(c.addr); err != nil {
		bad("CONSOLE_ADDR is not an address such as 127.0.0.1:8090")
	}
	text := c.public
	if text == "" {
		text = "http://" + c.addr
	}
	public, err := url.Parse(text)
	if err != nil || public.Host == "" || public.Path != "" || public.RawQuery != "" {
		bad("CONSOLE_URL is not a URL of a host alone, such as https://tokenstate.example.com")
		public = &url.URL{}
	}
	if public.Scheme == "http" && !console.Loopback(public.Hostname()) {
		bad("CONSOLE_URL is http and not on loopback: cookies and pages would be readable on the way; serve it over TLS, and set an https CONSOLE_URL")
	}
	return public
}

func (c *consoleConfig) checkLogins(public *url.URL, bad func(string)) {
	host, _, _ := net.SplitHostPort(c.addr)
	ways := c.ways()
	for _, w := range ways {
		if !slices.Contains([]string{"oidc", "credential", "none"}, w) {
			bad("CONSOLE_LOGIN is not a list of oidc and credential, nor none")
		}
	}
	if slices.Contains(ways, "none") && (len(ways) > 1 || !console.Loopback(host) || !console.Loopback(public.Hostname())) {
		bad("CONSOLE_LOGIN=none lets everybody in who reaches it, so it stands alone, and CONSOLE_ADDR and CONSOLE_URL are on loopback")
	}
	if slices.Contains(ways, "oidc") && (c.issuer == "" || c.clientID == "" || c.clientSecret.Empty()) {
		bad("CONSOLE_LOGIN has oidc, which needs CONSOLE_ISSUER, CONSOLE_CLIENT_ID and CONSOLE_CLIENT_SECRET")
	}
	if slices.Contains(ways, "credential") && c.authapiURL == "" {
		bad("CONSOLE_LOGIN has credential, which needs CONSOLE_AUTHAPI_URL: authapi checks it")
	}
}

func notHTTP(address string) bool {
	u, err := url.Parse(address)
	return err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https"
}

func (c *consoleConfig) ways() (ways []string) {
	for w := range strings.SplitSeq(c.logins, ",") {
		ways = append(ways, strings.TrimSpace(w))
	}
	return ways
}

// maxScraped is how many programs are asked for their metrics.
const maxScraped = 50

func (c *consoleConfig) programs() (all []string) {
	for p := range strings.SplitSeq(c.scrape, ",") {
		if p = strings.TrimSuffix(strings.TrimSpace(p), "/"); p != "" {
			all = append(all, p)
		}
	}
	return all
}

func (c *consoleConfig) loginsAt(public *url.URL, api *upstream.Authapi) (l console.Logins) {
	for _, w := range c.ways() {
		switch w {
		case "oidc":
			l.OIDC = &login.OIDC{Issuer: c.issuer, ClientID: c.clientID, Secret: c.clientSecret, Redirect: public.String() + "/login/callback"}
		case "credential":
			l.Credential = login.Credential{Try: api.Try}
		case "none":
			l.Open = true
		}
	}
	return l
}

// shown are the settings in force; of a secret only that there is one.
func (c *consoleConfig) shown() []page.Setting {
	given := func(t secret.Text) string {
		if t.Empty() {
			return "not set"
		}
		return "set"
	}
	return []page.Setting{
		{Name: "CONSOLE_ADDR", Value: c.addr},
		{Name: "CONSOLE_ADMIN_ADDR", Value: c.adminAddr},
		{Name: "CONSOLE_URL", Value: c.public},
		{Name: "CONSOLE_LOGIN", Value: c.logins},
		{Name: "CONSOLE_ISSUER", Value: c.issuer},
		{Name: "CONSOLE_CLIENT_ID", Value: c.clientID},
		{Name: "CONSOLE_CLIENT_SECRET", Value: given(c.clientSecret)},
		{Name: "CONSOLE_AUTHAPI_URL", Value: c.authapiURL},
		{Name: "CONSOLE_SERVICE_KEY", Value: given(c.serviceKey)},
		{Name: "CONSOLE_REALM", Value: c.realm},
		{Name: "CONSOLE_SCRAPE", Value: c.scrape},
		{Name: "DATABASE_URL", Value: given(c.database)},
		{Name: "CONSOLE_TLS_CERT", Value: c.tls.Cert},
	}
}
