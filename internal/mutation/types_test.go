//go:build mutations

package mutation

import (
	"encoding/json"
	"errors"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Ensure that every mutant compiles, or no test would ever see it. Its types alone are checked, which takes some seconds for all.
func TestMutantsFit_Types(t *testing.T) {
	files, ps := token.NewFileSet(), listed(t)
	imports := importer.ForCompiler(files, "gc", func(path string) (io.ReadCloser, error) { return os.Open(ps.exports[path]) }) //nolint:gosec // of go list
	parsed := map[string]*ast.File{}
	parse := func(file string, text any) *ast.File {
		f, err := parser.ParseFile(files, file, text, parser.SkipObjectResolution)
		if err != nil {
			t.Error(err)
		}
		return f
	}
	for _, m := range mutants {
		at, err := filepath.Abs(filepath.Join("../..", m.file))
		if err != nil {
			t.Fatal(err)
		}
		source, err := os.ReadFile(at) //nolint:gosec // our own source
		if err != nil || len(ps.beside[at]) == 0 {
			t.Fatalf("%s is not compiled: %v", m.file, err)
		}
		var all []*ast.File
		for _, file := range ps.beside[at] {
			switch {
			case file == at:
				all = append(all, parse(file, strings.Replace(string(source), m.from, m.to, 1)))
				continue
			case parsed[file] == nil:
				parsed[file] = parse(file, nil)
			}
			all = append(all, parsed[file])
		}
		if _, err := (&types.Config{Importer: imports}).Check(filepath.Dir(m.file), files, all, nil); err != nil {
			t.Errorf("%s: %v", m.rule, err)
		}
	}
}

// packages are what go knows of those of the mutants, and of what they import.
type packages struct {
	exports map[string]string   // what each compiled one tells its importers, by path
	beside  map[string][]string // the files of each file's package
}

func listed(t *testing.T) packages {
	t.Helper()
	args := []string{"list", "-deps", "-export", "-json=ImportPath,Export,Dir,GoFiles"}
	for _, m := range mutants {
		args = append(args, "./"+filepath.Dir(m.file))
	}
	out, err := run(t, "../..", nil, "go", args...)
	if err != nil {
		t.Fatal(out)
	}
	ps := packages{map[string]string{}, map[string][]string{}}
	for dec := json.NewDecoder(strings.NewReader(out)); ; {
		var p struct {
			ImportPath, Export, Dir string
			GoFiles                 []string
		}
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			return ps
		} else if err != nil {
			t.Fatal(err)
		}
		ps.exports[p.ImportPath] = p.Export
		all := make([]string, len(p.GoFiles))
		for i, name := range p.GoFiles {
			all[i] = filepath.Join(p.Dir, name)
		}
		for _, file := range all {
			ps.beside[file] = all
		}
	}
}
