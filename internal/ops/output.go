package ops

import (
	"encoding/json"
	"fmt"
	"io"
	"text/tabwriter"

	"github.com/urfave/cli/v3"
)

// OutputFlag lets a command's data be read by people or by programs.
func OutputFlag() cli.Flag {
	return &cli.StringFlag{Name: "output", Aliases: []string{"o"}, Value: "table", Usage: "table or json", Validator: func(s string) error {
		if s != "table" && s != "json" {
			return fmt.Errorf("%w: --output is table or json", ErrUsage)
		}
		return nil
	}}
}

// Output writes v as JSON, or what table writes, columns separated by tabs.
func Output(cmd *cli.Command, v any, table func(io.Writer)) error {
	out := cmd.Root().Writer
	if cmd.String("output") == "json" {
		enc := json.NewEncoder(out)
		enc.SetIndent("", "  ")
		if err := enc.Encode(v); err != nil {
			return fmt.Errorf("write the answer: %w", err)
		}
		return nil
	}
	w := tabwriter.NewWriter(out, 0, 8, 2, ' ', 0)
	table(w)
	if err := w.Flush(); err != nil {
		return fmt.Errorf("write the answer: %w", err)
	}
	return nil
}

// Row writes one line of a table.
func Row(w io.Writer, cells ...any) {
	for i, c := range cells {
		if i > 0 {
			_, _ = io.WriteString(w, "\t")
		}
		_, _ = fmt.Fprint(w, c) // Flush tells what failed
	}
	_, _ = io.WriteString(w, "\n")
}
