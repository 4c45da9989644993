// Package settingstest is what the tests of programs ask of their flags.
package settingstest

import (
	"regexp"
	"testing"

	"github.com/urfave/cli/v3"
)

var setting = regexp.MustCompile(`\[\$([A-Z0-9_]+)\]`)

// OneFlagEach fails where a setting has two flags in different commands of a program, or one command has a flag twice.
func OneFlagEach(t *testing.T, program *cli.Command) {
	t.Helper()
	flags := map[string]string{}
	walk(program, func(c *cli.Command) {
		for _, name := range twice(c.Flags) {
			t.Errorf("%s has --%s twice", c.FullName(), name)
		}
		for _, f := range c.Flags {
			text, ok := f.(*cli.StringFlag)
			if !ok || setting.FindString(text.Usage) == "" {
				continue
			}
			name := setting.FindStringSubmatch(text.Usage)[1]
			if flags[name] == "" {
				flags[name] = text.Name
			}
			if flags[name] != text.Name {
				t.Errorf("%s is --%s and, in %s, --%s", name, flags[name], c.FullName(), text.Name)
			}
		}
	})
	if len(flags) == 0 {
		t.Error("no command has a setting")
	}
}

func twice(flags []cli.Flag) (names []string) {
	seen := map[string]bool{}
	for _, f := range flags {
		for _, name := range f.Names() {
			if seen[name] {
				names = append(names, name)
			}
			seen[name] = true
		}
	}
	return names
}

func walk(c *cli.Command, do func(*cli.Command)) {
	do(c)
	for _, sub := range c.Commands {
		walk(sub, do)
	}
}
