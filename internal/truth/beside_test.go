//go:build truth

package truth

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/tokenstate/tokenstate/internal/devstack"
	"github.com/tokenstate/tokenstate/internal/play"
)

// Keycloak may contradict itself: it refreshes a token whose session no list of its own has, because a
// read that overlapped a removal brought the session back into its cache (keycloak#51127). Such a token
// is false_revoked like any other that refreshes although authapi says revoked, for our own looks were such
// reads once. Whether it is Keycloak's doing alone is measured, and not assumed: the story is
// played again, here and on a Keycloak that has never heard of tokenstate.

// beside plays a story n times here and n times without us, and prints how often Keycloak then
// refreshes what it does not list.
func (w *world) beside(steps []step, n int) {
	w.t.Helper()
	with := w.contradictions(steps, n)
	alone, stop, err := w.alone()
	w.must(err)
	defer stop()
	without := alone.contradictions(steps, n)
	w.t.Logf("the story was played %d times with tokenstate and without: Keycloak refreshes what it does not list after %d and %d of them\n%s", n, with, without, script(steps))
	fmt.Printf("stories=%d refreshed_with=%d refreshed_without=%d\n", n, with, without) //nolint:forbidigo // what the option prints
}

// besideFile does so with the script in a file.
func (w *world) besideFile(path string, n int) {
	w.t.Helper()
	raw, err := os.ReadFile(path)
	w.must(err)
	steps, err := parse(strings.Trim(strings.TrimSpace(string(raw)), "`,\n"))
	w.must(err)
	w.beside(steps, n)
}

// contradictions are the stories of n after which Keycloak refreshes a token that it does not list.
func (w *world) contradictions(steps []step, n int) (found int) {
	w.t.Helper()
	w.opened()
	was := w.held
	w.held = nil
	defer func() { w.held = was }()
	people := make([]*person, n)
	for i := range people {
		people[i] = &person{name: fmt.Sprintf("beside-%d-%d", len(steps), i), browser: w.keycloak.NewBrowser()}
		w.must(w.make(people[i]))
	}
	w.sideBySide(steps, people)
	owners := map[*person]bool{}
	for i, refused := range w.answers(w.held) {
		if refused == nil && w.unlisted(w.held[i]) {
			owners[w.held[i].owner] = true
		}
	}
	for _, p := range people {
		w.must(w.call(http.MethodDelete, "/users/"+p.id, nil, nil))
	}
	return len(owners)
}

// sideBySide plays the story for several people at once, as a round does, unless a step of it concerns
// everybody.
func (w *world) sideBySide(steps []step, people []*person) {
	atOnce := atOnce
	if slices.ContainsFunc(steps, func(s step) bool { return concernsAll(s.action) }) {
		atOnce = 1
	}
	var wg sync.WaitGroup
	slots := make(chan struct{}, atOnce)
	for _, p := range people {
		slots <- struct{}{}
		wg.Go(func() {
			for _, s := range steps {
				w.play(s, p)
			}
			<-slots
		})
	}
	wg.Wait()
}

func concernsAll(a *action) bool {
	for _, table := range [][]action{ofAll, ofAllForAWhile} {
		if slices.ContainsFunc(table, func(b action) bool { return b.name == a.name }) {
			return true
		}
	}
	return false
}

// alone is a world of the same kind whose Keycloak has neither listener nor worker. Nobody stores its tokens.
func (w *world) alone() (_ *world, stop func(), err error) {
	root, err := filepath.Abs("../..")
	if err != nil {
		return nil, nil, err
	}
	opts, err := onNodes(devstack.Options{Root: root, Logs: filepath.Join(root, ".dev", "log", "truth-alone"), Progress: os.Stderr, Throwaway: true, Services: true, Jar: devstack.NoJar})
	if err != nil {
		return nil, nil, err
	}
	s, err := devstack.Start(w.ctx, opts)
	if err != nil {
		return nil, nil, err
	}
	nodes := play.NodesOf(s.Env)
	a := (&world{keycloak: nodes[0], shared: &shared{
		t: w.t, ctx: w.ctx, stack: s, nodes: nodes, everybody: &person{name: "everybody"},
		admins: map[*play.Keycloak]login{}, uuid: map[string]string{}, counts: map[string]int{},
	}}).by(1)
	return a, func() { w.must(s.Stop()) }, a.know()
}
