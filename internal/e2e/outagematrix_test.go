package e2e

import (
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"
)

// measured are the lines at the top that hold figures, not answers.
const measured = 2

// matrix has a line for each question, and two columns, warm and restarted, for what is down.
type matrix struct {
	names, down []string
	columns     [][]string
}

func (m *matrix) add(down []string, restarted bool, cells []string) {
	letters := "-"
	for _, part := range down {
		letters += strings.ToUpper(part[:1])
	}
	if restarted {
		letters += "*"
	}
	m.down, m.columns = append(m.down, letters), append(m.columns, cells)
}

// String puts a letter for each answer, and says beside it what the letters mean.
func (m *matrix) String() string {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 1, ' ', 0)
	_, _ = fmt.Fprintf(w, "down (Postgres, NATS, Keycloak; *: authapi restarted)\t%s\t\n", strings.Join(m.down, "\t"))
	for i, name := range m.names {
		var meanings []string
		_, _ = fmt.Fprint(w, name, "\t")
		for _, cells := range m.columns {
			if i < measured {
				_, _ = fmt.Fprint(w, cells[i], "\t")
				continue
			}
			n := slices.Index(meanings, cells[i])
			if n < 0 {
				n, meanings = len(meanings), append(meanings, cells[i])
			}
			_, _ = fmt.Fprintf(w, "%c\t", 'a'+n)
		}
		for n, meaning := range meanings {
			_, _ = fmt.Fprintf(w, "%c = %s   ", 'a'+n, meaning)
		}
		_, _ = fmt.Fprintln(w)
	}
	_ = w.Flush()
	return b.String()
}
