package ops

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/prometheus/client_golang/prometheus"
)

// Version is the release that this tree is, or becomes. CHANGELOG.md has the same.
const Version = "0.1.0"

// revision is the commit that the program was built from; "" where Go could not tell, as in a build without
// its repository. A tree with changes of its own is marked.
func revision() (commit string) {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return ""
	}
	changed := ""
	for _, s := range info.Settings {
		switch {
		case s.Key == "vcs.revision":
			commit = s.Value
		case s.Key == "vcs.modified" && s.Value == "true":
			changed = "+changes"
		}
	}
	if commit == "" {
		return ""
	}
	return commit + changed
}

// Built is one line of what a program is, for --version and its first line in the log.
func Built(schema int64) string {
	commit := revision()
	if commit == "" {
		commit = "unknown"
	}
	return fmt.Sprintf("%s (revision %s, %s, schema %d)", Version, commit, runtime.Version(), schema)
}

// BuildInfo is a metric that is always 1 and says by its labels what a program is.
func BuildInfo(program string) prometheus.Collector {
	g := prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "tokenstate_build_info", Help: "Always 1; the labels say what this program is.",
		ConstLabels: prometheus.Labels{"program": program, "version": Version, "revision": revision(), "goversion": runtime.Version()},
	})
	g.Set(1)
	return g
}
