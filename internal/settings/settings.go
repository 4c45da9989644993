// Package settings reads a program's configuration: flag before environment before file before
// default. All faults are reported at once, so that nobody starts a program six times to find
// six of them, and no message repeats a value, which may be a secret.
package settings

import (
	"cmp"
	"errors"
	"fmt"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/urfave/cli/v3"

	"github.com/tokenstate/tokenstate/internal/secret"
)

// ErrConfiguration is in every error of Load, ErrNotSet in what it says of something that is missing.
var (
	ErrConfiguration = errors.New("configuration")
	ErrNotSet        = errors.New("is not set")
)

// Table is what a command can be told. Fill it, and put it On the command.
type Table struct {
	prefix string // of the program's own names: an unknown one is a fault
	rows   []row
	checks []func() error
}

type row struct {
	name, fallback, help string
	flagged              string // the flag, where it is not the name's
	secret               bool
	must                 func(value func(name string) string) bool // whether nothing can be done without it
	set                  func(text string) error
}

// New makes a table for a command of a program whose own names begin with prefix, like "WORKER_".
func New(prefix string) *Table { return &Table{prefix: prefix} }

// Must says that a command can do nothing without these: Load names all that are missing at once.
func (t *Table) Must(names ...string) {
	t.MustIf(func(func(string) string) bool { return true }, names...)
}

// MustIf is Must where it depends on the value of other settings.
func (t *Table) MustIf(needed func(value func(name string) string) bool, names ...string) {
	for i := range t.rows {
		if slices.Contains(names, t.rows[i].name) {
			t.rows[i].must = needed
		}
	}
}

// Flag gives a setting another flag than its name's.
func (t *Table) Flag(name, flag string) {
	for i := range t.rows {
		if t.rows[i].name == name {
			t.rows[i].flagged = flag
		}
	}
}

// Check has Load ask this, too, when all values are there: what it says is one of the faults.
func (t *Table) Check(ask func() error) { t.checks = append(t.checks, ask) }

func (t *Table) add(name, fallback, help string, set func(string) error) {
	t.rows = append(t.rows, row{name: name, fallback: fallback, help: help, set: set})
}

// Text is any text.
func (t *Table) Text(into *string, name, fallback, help string) {
	t.add(name, fallback, help, func(s string) error { *into = s; return nil })
}

// Secret is a text that is never shown; it may be given as the path of a file in NAME_FILE,
// and never as a flag, which everybody on the machine could read.
func (t *Table) Secret(into *secret.Text, name, help string) {
	t.rows = append(t.rows, row{name: name, help: help, secret: true, set: func(s string) error {
		*into = secret.New(s)
		return nil
	}})
}

// Choice is one of a few words; the first is the default.
func (t *Table) Choice(into *string, name string, words []string, help string) {
	t.add(name, words[0], help+" ("+strings.Join(words, ", ")+")", func(s string) error {
		if !slices.Contains(words, s) {
			return fmt.Errorf("is not one of %s", strings.Join(words, ", "))
		}
		*into = s
		return nil
	})
}

// Duration is a time like 10s or 6h within bounds.
func (t *Table) Duration(into *time.Duration, name string, fallback, least, most time.Duration, help string) {
	t.add(name, fallback.String(), help, func(s string) error {
		d, err := time.ParseDuration(s)
		if err != nil || d < least || d > most {
			return fmt.Errorf("is not a time between %s and %s, such as %s", least, most, fallback)
		}
		*into = d
		return nil
	})
}

// Int is a whole number within bounds.
func (t *Table) Int(into *int, name string, fallback, least, most int, help string) {
	t.add(name, strconv.Itoa(fallback), help, func(s string) error {
		n, err := strconv.Atoi(s)
		if err != nil || n < least || n > most {
			return fmt.Errorf("is not a number between %d and %d", least, most)
		}
		*into = n
		return nil
	})
}

// URL is an http or https address; empty is taken only if optional.
func (t *Table) URL(into *string, name string, optional bool, help string) {
	t.add(name, "", help, func(s string) error {
		u, err := url.Parse(s)
		if s == "" && optional {
			return nil
		}
		if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
			return errors.New("is not set to an http or https URL")
		}
		*into = strings.TrimSuffix(s, "/")
		return nil
	})
}

// category is where --help has the settings: below a command's own flags.
const category = "Settings, also from the environment or the file of --config"

// Flags are one for each row but secrets.
func (t *Table) Flags() []cli.Flag {
	flags := []cli.Flag{&cli.StringFlag{
		Name: "config", Category: category,
		Usage: "YAML file of the names below, in lower case [$" + t.prefix + "CONFIG]",
	}}
	for _, r := range t.rows {
		if r.secret {
			continue
		}
		usage := r.help + " [$" + r.name + "]"
		if r.fallback != "" {
			usage += " (default " + r.fallback + ")"
		}
		f := &cli.StringFlag{Name: r.flag(t.prefix), Category: category, Usage: usage}
		if r.flagged != "" {
			f.Category = "" // a word of the command's own, such as the realm that is meant
		}
		flags = append(flags, f)
	}
	return flags
}

// Description lists what cannot be a flag, for --help.
func (t *Table) Description() string {
	var b strings.Builder
	b.WriteString("Secrets come from the environment, or from a file that NAME_FILE names:\n")
	for _, r := range t.rows {
		if r.secret {
			fmt.Fprintf(&b, "   %s  %s\n", r.name, r.help)
		}
	}
	return b.String()
}

func (r row) flag(prefix string) string {
	if r.flagged != "" {
		return r.flagged
	}
	return strings.ToLower(strings.ReplaceAll(strings.TrimPrefix(r.name, prefix), "_", "-"))
}

// Load fills everything in, or says all that is wrong.
func (t *Table) Load(cmd *cli.Command) error {
	file, err := readFile(cmp.Or(cmd.String("config"), os.Getenv(t.prefix+"CONFIG")))
	faults := append(empty(cmd), err)
	faults = append(faults, t.unknown(cmd.Root(), file)...)
	value := func(name string) string {
		i := slices.IndexFunc(t.rows, func(r row) bool { return r.name == name })
		text, _ := t.rows[i].find(cmd, t.prefix, file) // a fault of it is told below
		return text
	}
	for _, r := range t.rows {
		text, err := r.find(cmd, t.prefix, file)
		if err == nil {
			err = r.take(text, value)
		}
		if err != nil {
			faults = append(faults, fmt.Errorf("%s %w", r.name, err))
		}
	}
	for _, ask := range t.checks {
		faults = append(faults, ask())
	}
	if err := errors.Join(faults...); err != nil {
		return fmt.Errorf("%w:\n%w", ErrConfiguration, err)
	}
	return nil
}

func (r row) take(text string, value func(string) string) error {
	if text == "" && r.must != nil && r.must(value) {
		return ErrNotSet
	}
	return r.set(text)
}

func (r row) find(cmd *cli.Command, prefix string, file map[string]string) (string, error) {
	if !r.secret && cmd.IsSet(r.flag(prefix)) {
		return cmd.String(r.flag(prefix)), nil
	}
	if text, ok := os.LookupEnv(r.name); ok && text != "" {
		return text, nil
	}
	if path := os.Getenv(r.name + "_FILE"); r.secret && path != "" {
		raw, err := os.ReadFile(path) //nolint:gosec // the operator's own choice
		if err != nil {
			return "", fmt.Errorf("_FILE cannot be read: %w", err)
		}
		return strings.TrimRight(string(raw), "\r\n"), nil
	}
	if text, ok := file[r.name]; ok {
		return text, nil
	}
	return r.fallback, nil
}
