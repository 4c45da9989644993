package docrun

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/tokenstate/tokenstate/internal/devstack"
	"github.com/tokenstate/tokenstate/internal/pause"
)

// Options say what is played.
type Options struct {
	Root  string // the checkout
	Files []string
	Write bool // put the answers that come into the documents, instead of holding those that stand there to them
	// Examples is a file of one exchange for each call of authapi, which the first document must show all; "" for none.
	Examples string
}

// settles is how long what is read may take to become what the document says, for a look follows each change; and
// unchanged how long it must stay the same to be written into one.
const (
	settles   = 20 * time.Second
	unchanged = 5 * time.Second
)

// Play plays the documents against the stack of an environment. The error names each command that failed or was
// answered otherwise.
func Play(ctx context.Context, env devstack.Env, o Options) error {
	calls, err := operationsOf(ctx, env.AuthapiURL)
	if err != nil {
		return err
	}
	var faults []error
	for i, file := range o.Files {
		if i > 0 {
			o.Examples = ""
		}
		if err := playFile(ctx, env, o, calls, file); err != nil {
			faults = append(faults, fmt.Errorf("%s: %w", file, err))
		}
	}
	return errors.Join(faults...)
}

func playFile(ctx context.Context, env devstack.Env, o Options, calls operations, file string) error {
	raw, err := os.ReadFile(filepath.Join(o.Root, file)) //nolint:gosec // the caller's own file
	if err != nil {
		return err
	}
	blocks, err := blocksOf(string(raw))
	if err != nil {
		return err
	}
	p, err := newPlayer(ctx, env, o)
	if err != nil {
		return err
	}
	p.calls = calls
	answers, err := p.play(ctx, blocks)
	if err == nil && o.Examples != "" {
		err = p.keepExamples(o)
	}
	if err := errors.Join(err, p.close()); err != nil || !o.Write {
		return err
	}
	return os.WriteFile(filepath.Join(o.Root, file), []byte(withAnswers(string(raw), blocks, answers)), 0o644) //nolint:gosec // a document
}

// player is one reader of one document.
type player struct {
	relay *relay
	shell *shell
	dir   string
	known *examples
	write bool
	calls operations
	seen  map[string]recorded
}

// newPlayer makes a folder that looks to the commands like the checkout beside a stack: .dev/env says where it is, and
// the examples are there.
func newPlayer(ctx context.Context, env devstack.Env, o Options) (*player, error) {
	dir, err := os.MkdirTemp("", "tokenstate-docs-")
	if err != nil {
		return nil, err
	}
	p := &player{dir: dir, known: newExamples(), write: o.Write, seen: map[string]recorded{}}
	if p.relay, err = newRelay(env.AuthapiURL); err != nil {
		return nil, errors.Join(err, p.close())
	}
	env.AuthapiURL = p.relay.url
	err = os.Mkdir(filepath.Join(dir, ".dev"), 0o700)
	for _, part := range []string{filepath.Join(".dev", "bin"), "examples"} {
		if err == nil {
			err = os.Symlink(filepath.Join(o.Root, part), filepath.Join(dir, part))
		}
	}
	if err == nil {
		err = env.Write(devstack.EnvFile(dir))
	}
	if err == nil {
		p.shell, err = newShell(ctx, dir, []string{"PATH=" + os.Getenv("PATH"), "HOME=" + dir, "LANG=C.UTF-8"})
	}
	if err != nil {
		return nil, errors.Join(err, p.close())
	}
	return p, nil
}

func (p *player) close() error {
	var err error
	if p.shell != nil {
		err = p.shell.close()
	}
	if p.relay != nil {
		p.relay.close()
	}
	return errors.Join(err, os.RemoveAll(p.dir))
}

// play runs all blocks, also after one that was answered otherwise, so that one run tells of all.
func (p *player) play(ctx context.Context, blocks []block) (answers []string, err error) {
	answers = make([]string, len(blocks))
	var faults []error
	for i, b := range blocks {
		answers[i], err = p.one(ctx, b)
		if err != nil {
			faults = append(faults, fmt.Errorf("line %d: %w", b.line, err))
		}
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
	}
	return answers, errors.Join(faults...)
}

// one runs a block. What only reads is read again until it is as the document says, or when documents are written until
// it stays the same.
func (p *player) one(ctx context.Context, b block) (string, error) {
	before, changed := "", time.Now()
	for deadline := changed.Add(settles); ; {
		got, err := p.once(b)
		if err != nil || !b.answered {
			return got.text, err
		}
		if now := steady(b, got.text); now != before {
			before, changed = now, time.Now()
		}
		if p.write && (!got.reads || time.Since(changed) > unchanged) || !p.write && sameAnswer(b, got.text) {
			p.keep(b, got)
			return got.text, nil
		}
		if !p.write && !got.reads || time.Now().After(deadline) {
			return got.text, fmt.Errorf("the answer is\n%s\nand not\n%s", got.text, b.answer)
		}
		if err := pause.For(ctx, time.Second); err != nil {
			return got.text, err
		}
	}
}

// keep notes the outcome that stands. What a story names is forgotten: the next run's has other names.
func (p *player) keep(b block, got outcome) {
	if !b.shape {
		p.known = got.examples
	}
	p.note(got.exchange, got.keptBody(b, p.write))
}

// outcome is what came of a block.
type outcome struct {
	text     string // as a document shows it
	body     any
	exchange exchange
	examples *examples
	reads    bool
}

func (p *player) once(b block) (outcome, error) {
	out, err := p.shell.run(b.command)
	calls := p.relay.take()
	got := outcome{examples: p.known.clone()}
	if b.shape {
		got.examples = p.known.story()
	}
	if err != nil || !b.answered {
		return got, err
	}
	if b.printed {
		got.text = got.examples.text("printed", strings.TrimSpace(out))
		return got, nil
	}
	if len(calls) != 1 {
		return got, fmt.Errorf("%d calls of authapi for one answer; printed: %s", len(calls), out)
	}
	got.exchange, got.reads = calls[0], onlyReads(calls[0])
	got.text, got.body, err = got.exchange.told(got.examples)
	return got, err
}

// keptBody is what /openapi.json shows: of a story that no two runs tell alike the one in the document.
func (o outcome) keptBody(b block, write bool) any {
	if !b.shape || write {
		return o.body
	}
	_, body, _ := strings.Cut(b.answer, "\n\n")
	v, err := parse([]byte(body))
	if err != nil {
		return o.body
	}
	return v
}

func onlyReads(e exchange) bool {
	return e.method == http.MethodGet || e.method == http.MethodHead || strings.HasPrefix(e.path, "/v1/decide")
}

// steady is what of an answer stays the same once all has come: of one whose members alone count, those. It may tell its own age.
func steady(b block, got string) string {
	head, body, _ := strings.Cut(got, "\n\n")
	v, err := parse([]byte(body))
	if !b.shape || err != nil {
		return got
	}
	return head + shapeOf(v)
}

func sameAnswer(b block, got string) bool {
	if !b.shape {
		return got == b.answer
	}
	gotHead, gotBody, _ := strings.Cut(got, "\n\n")
	wantHead, wantBody, _ := strings.Cut(b.answer, "\n\n")
	gotValue, err := parse([]byte(gotBody))
	wantValue, werr := parse([]byte(wantBody))
	return gotHead == wantHead && err == nil && werr == nil && shapeOf(gotValue) == shapeOf(wantValue)
}

// shapeOf tells the members of a value. What stands in lists is free: no two stories have the same steps, and a step has
// some members only where they say something.
func shapeOf(v any) string {
	switch v := v.(type) {
	case object:
		var parts []string
		for _, m := range v {
			parts = append(parts, m.name+shapeOf(m.value))
		}
		return "{" + strings.Join(parts, " ") + "}"
	case []any:
		return "[]"
	}
	return ""
}
