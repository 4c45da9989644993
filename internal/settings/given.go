package settings

import (
	"fmt"
	"strings"

	"github.com/urfave/cli/v3"
)

// empty finds flags and arguments that were given without a value, as --user "$U" is where the
// shell's U is not set. Such a flag must not count as one that was left out: for a command that
// selects, left out means everybody.
func empty(cmd *cli.Command) (faults []error) {
	for _, f := range cmd.Flags {
		name := f.Names()[0]
		if cmd.IsSet(name) && blank(cmd.Value(name)) {
			faults = append(faults, fmt.Errorf("--%s is given without a value: give one, or leave the flag out", name))
		}
	}
	for i, arg := range cmd.Args().Slice() {
		if blank(arg) {
			faults = append(faults, fmt.Errorf("argument %d is empty", i+1))
		}
	}
	return faults
}

func blank(value any) bool {
	switch v := value.(type) {
	case string:
		return strings.TrimSpace(v) == ""
	case []string:
		for _, one := range v {
			if blank(one) {
				return true
			}
		}
	}
	return false
}
