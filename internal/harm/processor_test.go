//go:build harm

package harm

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// processor is how much processor time each part of the stack has used so far, or used for one login with its
// logout. It tells whose time a lower throughput is: on one machine NATS and authapi take theirs from Keycloak, too.
type processor map[string]time.Duration

// tick is the unit of Linux's process accounting, on every machine that we know.
const tick = 10 * time.Millisecond

// ours are the threads of Keycloak that are the listener's. Linux keeps fifteen bytes of a name.
var ours = []string{"tokenstate", "nats:"}

func (w *world) processor() processor {
	e := w.stack.Env
	all := processor{
		"keycloak": used(e.KeycloakPID), "nats": used(e.NATSPID), "postgres": withChildren(e.PostgresPID),
		"authapi": used(e.AuthapiPID), "load": used(os.Getpid()),
	}
	for _, stat := range files("/proc", strconv.Itoa(e.KeycloakPID), "task", "*", "stat") {
		if name, _, time := parsed(stat); slices.ContainsFunc(ours, func(p string) bool { return strings.HasPrefix(name, p) }) {
			all["listener"] += time
		}
	}
	return all
}

func (p processor) since(before processor) processor {
	out := maps.Clone(p)
	for name := range out {
		out[name] -= before[name]
	}
	return out
}

func (p processor) add(more processor) {
	for name, time := range more {
		p[name] += time
	}
}

func (p processor) each(n int) string {
	var out []string
	for _, name := range slices.Sorted(maps.Keys(p)) {
		out = append(out, fmt.Sprintf("%s=%.2f", name, float64(p[name].Microseconds())/1000/float64(max(n, 1))))
	}
	return strings.Join(out, " ")
}

func used(pid int) time.Duration {
	_, _, time := parsed(filepath.Join("/proc", strconv.Itoa(pid), "stat"))
	return time
}

// withChildren counts Postgres's connections, which are processes.
func withChildren(pid int) time.Duration {
	sum := used(pid)
	for _, stat := range files("/proc", "[0-9]*", "stat") {
		if _, parent, time := parsed(stat); parent == pid {
			sum += time
		}
	}
	return sum
}

func files(path ...string) []string {
	found, _ := filepath.Glob(filepath.Join(path...))
	return found
}

// parsed reads name, parent, and the time of a process or thread with its ended children; zero if it has ended.
func parsed(stat string) (name string, parent int, used time.Duration) {
	text, err := os.ReadFile(stat)
	if err != nil {
		return "", 0, 0
	}
	begin, end := strings.IndexByte(string(text), '('), strings.LastIndexByte(string(text), ')')
	fields := strings.Fields(string(text[end+1:])) // the third field of proc(5) is the first of these
	parent, _ = strconv.Atoi(fields[1])
	for _, field := range fields[11:15] {
		ticks, _ := strconv.Atoi(field)
		used += time.Duration(ticks) * tick
	}
	return string(text[begin+1 : end]), parent, used
}
