package workerd

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"regexp"
	"slices"
	"strings"

	"github.com/tokenstate/tokenstate/internal/notice"
	"github.com/tokenstate/tokenstate/internal/notice/webhook"
	"github.com/tokenstate/tokenstate/internal/secret"
	"github.com/tokenstate/tokenstate/internal/settings"
	"github.com/tokenstate/tokenstate/internal/worker"
)

// Bounds of the file of endpoints.
const (
	maxEndpoints = 20
	maxSecrets   = 2 // the present one, and the next
)

// typePrefix is left out in the file.
const typePrefix = "io.tokenstate."

var endpointName = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,62}$`)

// endpointConfig is one endpoint of WORKER_NOTICE_ENDPOINTS_FILE.
type endpointConfig struct {
	Name       string   `yaml:"name"`
	URL        string   `yaml:"url"`
	Secret     hidden   `yaml:"secret"`      // whsec_…; two, with a blank between them, while the receiver changes it
	SecretFile string   `yaml:"secret_file"` // or where that stands
	Types      []string `yaml:"types"`       // such as login.needed; none: all, as of the next two
	Realms     []string `yaml:"realms"`
	Clients    []string `yaml:"clients"`
}

// hidden is a secret in the file.
type hidden struct{ secret.Text }

// UnmarshalText is the decoder's.
func (h *hidden) UnmarshalText(text []byte) error { h.Text = secret.New(string(text)); return nil }

// endpoints are who wants notices, and who takes them there.
type endpoints struct {
	wanted    []notice.Endpoint
	receivers map[string]worker.Receiver
}

// endpointsSetting is the path of the file.
const endpointsSetting = "WORKER_NOTICE_ENDPOINTS_FILE"

var endpointsForm = fmt.Sprintf("a list called endpoints, of at most %d with name, url, secret or secret_file, types, realms and clients",
	maxEndpoints)

// readEndpoints reads the file; "": there are none. All faults are told at once, and none repeats an URL or a secret.
func readEndpoints(path string, networks []netip.Prefix) (endpoints, error) {
	all := endpoints{receivers: map[string]worker.Receiver{}}
	if path == "" {
		return all, nil
	}
	var file struct {
		Endpoints []endpointConfig `yaml:"endpoints"`
	}
	err := settings.StrictYAML(endpointsSetting, path, endpointsForm, &file)
	if err == nil && len(file.Endpoints) > maxEndpoints {
		err = settings.Misshapen(endpointsSetting, endpointsForm)
	}
	if err != nil {
		return all, fmt.Errorf("%w: %w", settings.ErrConfiguration, err)
	}
	var faults []error
	for i, e := range file.Endpoints {
		if err := all.add(e, networks); err != nil {
			faults = append(faults, fmt.Errorf("%s, endpoint %d: %w", endpointsSetting, i+1, err))
		}
	}
	if err := errors.Join(faults...); err != nil {
		return all, fmt.Errorf("%w:\n%w", settings.ErrConfiguration, err)
	}
	return all, nil
}

func (all *endpoints) add(c endpointConfig, networks []netip.Prefix) error {
	if !endpointName.MatchString(c.Name) || all.receivers[c.Name] != nil {
		return errors.New("name is not one of its own, of small letters, digits and hyphens")
	}
	e := notice.Endpoint{Name: c.Name, Realms: c.Realms, Clients: c.Clients}
	for _, t := range c.Types {
		if !slices.Contains(notice.Types(), notice.Type(typePrefix+t)) {
			return fmt.Errorf("types has what is none: there are %s", strings.Join(shortTypes(), ", "))
		}
		e.Types = append(e.Types, typePrefix+t)
	}
	secrets, err := c.secrets()
	if err != nil {
		return err
	}
	r, err := webhook.NewReceiver(c.URL, secrets, networks)
	if err != nil {
		return fmt.Errorf("url: %w", err)
	}
	all.wanted, all.receivers[c.Name] = append(all.wanted, e), receiver{r}
	return nil
}

func (c *endpointConfig) secrets() (all []webhook.Secret, err error) {
	text := c.Secret.Text
	if text.Empty() == (c.SecretFile == "") {
		return nil, errors.New("one of secret and secret_file is needed")
	}
	if c.SecretFile != "" {
		raw, err := os.ReadFile(c.SecretFile)
		if err != nil {
			return nil, fmt.Errorf("secret_file cannot be read: %w", err)
		}
		text = secret.New(string(raw))
	}
	for one := range strings.FieldsSeq(text.Reveal()) {
		s, err := webhook.ParseSecret(secret.New(one))
		if err != nil {
			return nil, fmt.Errorf("the secret %w", err)
		}
		all = append(all, s)
	}
	if len(all) == 0 || len(all) > maxSecrets {
		return nil, fmt.Errorf("there are not one or %d secrets", maxSecrets)
	}
	return all, nil
}

func shortTypes() (all []string) {
	for _, t := range notice.Types() {
		all = append(all, strings.TrimPrefix(string(t), typePrefix))
	}
	return all
}

// receiver joins a webhook to the worker's words.
type receiver struct{ *webhook.Receiver }

// Post is worker.Receiver's.
func (r receiver) Post(ctx context.Context, id string, body []byte) error {
	err := r.Receiver.Post(ctx, id, body)
	if errors.Is(err, webhook.ErrGone) {
		return fmt.Errorf("%w: %w", worker.ErrUnwanted, err)
	}
	return err
}
