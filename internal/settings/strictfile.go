package settings

import (
	"fmt"
	"io"
	"os"

	"go.yaml.in/yaml/v3"
)

const maxFile = 1 << 20

// StrictYAML reads the file of lists that the setting name is the path of; form says of what. Unknown members are faults:
// a misspelt one would be a default that nobody asked for. No error repeats what is in the file.
func StrictYAML(name, path, form string, into any) error {
	f, err := os.Open(path) //nolint:gosec // the operator's own choice
	if err != nil {
		return fmt.Errorf("%s cannot be read: %w", name, err)
	}
	defer func() { _ = f.Close() }()
	d := yaml.NewDecoder(io.LimitReader(f, maxFile))
	d.KnownFields(true)
	if err := d.Decode(into); err != nil {
		return Misshapen(name, form)
	}
	return nil
}

// Misshapen is the error of such a file that is not of its form.
func Misshapen(name, form string) error {
	return fmt.Errorf("%s is not as it should be: %s", name, form)
}
