// shape measures the Go of a tree: files, lines, functions, comments, methods and tests, by package.
// Generated files are left out.
package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"log"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// room is one package, or all of them.
type room struct {
	files, funcs    []int // their lines
	lines, comments int
	tests           int // lines of its test files
	nolint          int
	isMain          bool
	methods         map[string]int // of each type
}

func main() {
	log.SetFlags(0)
	root := "."
	if len(os.Args) > 1 {
		root = os.Args[1]
	}
	rooms, err := measure(root)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("| package | files | lines | file med/p90/max | func med/p90/max | comments | most methods | test lines | nolint |")
	fmt.Println("|---|---|---|---|---|---|---|---|---|")
	all, programs := &room{methods: map[string]int{}}, 0
	for _, dir := range slices.Sorted(maps.Keys(rooms)) {
		r := rooms[dir]
		if len(r.files) > 0 {
			fmt.Println(r.row(dir))
		}
		if r.isMain {
			programs += r.lines
		}
		all.add(dir, r)
	}
	fmt.Println(all.row("all"))
	fmt.Printf("\n%d lines in package main; %d functions; tests/code %.2f\n", programs, len(all.funcs), float64(all.tests)/float64(max(all.lines, 1)))
}

func measure(root string) (map[string]*room, error) {
	rooms := map[string]*room{}
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && path != root && (strings.HasPrefix(d.Name(), ".") || d.Name() == "testdata" || d.Name() == "tools" || d.Name() == "vendor") {
			return filepath.SkipDir
		}
		if d.IsDir() || !strings.HasSuffix(path, ".go") {
			return nil
		}
		dir, err := filepath.Rel(root, filepath.Dir(path))
		if err != nil {
			return err
		}
		if rooms[dir] == nil {
			rooms[dir] = &room{methods: map[string]int{}}
		}
		return rooms[dir].read(path)
	})
	return rooms, err
}

func (r *room) read(path string) error {
	set := token.NewFileSet()
	raw, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	f, err := parser.ParseFile(set, path, raw, parser.ParseComments)
	if err != nil {
		return err
	}
	if ast.IsGenerated(f) {
		return nil
	}
	lines := strings.Count(string(raw), "\n")
	r.nolint += strings.Count(string(raw), "//nolint:")
	if strings.HasSuffix(path, "_test.go") {
		r.tests += lines
		return nil
	}
	r.files, r.lines, r.isMain = append(r.files, lines), r.lines+lines, f.Name.Name == "main"
	length := func(n ast.Node) int { return set.Position(n.End()).Line - set.Position(n.Pos()).Line + 1 }
	for _, c := range f.Comments {
		r.comments += length(c)
	}
	for _, d := range f.Decls {
		fn, ok := d.(*ast.FuncDecl)
		if !ok {
			continue
		}
		r.funcs = append(r.funcs, length(fn))
		if fn.Recv != nil {
			r.methods[receiver(fn.Recv.List[0].Type)]++
		}
	}
	return nil
}

func receiver(t ast.Expr) string {
	switch t := t.(type) {
	case *ast.StarExpr:
		return receiver(t.X)
	case *ast.IndexExpr:
		return receiver(t.X)
	case *ast.IndexListExpr:
		return receiver(t.X)
	case *ast.Ident:
		return t.Name
	}
	return "?"
}

func (r *room) add(dir string, o *room) {
	r.files, r.funcs = append(r.files, o.files...), append(r.funcs, o.funcs...)
	r.lines, r.comments, r.tests, r.nolint = r.lines+o.lines, r.comments+o.comments, r.tests+o.tests, r.nolint+o.nolint
	for name, n := range o.methods {
		r.methods[filepath.Base(dir)+"."+name] = max(r.methods[filepath.Base(dir)+"."+name], n)
	}
}

func (r *room) row(name string) string {
	most := ""
	for _, t := range slices.Sorted(maps.Keys(r.methods)) {
		if most == "" || r.methods[t] > r.methods[most] {
			most = t
		}
	}
	return fmt.Sprintf("| %s | %d | %d | %s | %s | %.2f | %s %d | %d | %d |", name, len(r.files), r.lines, spread(r.files), spread(r.funcs),
		float64(r.comments)/float64(max(r.lines, 1)), most, r.methods[most], r.tests, r.nolint)
}

func spread(ns []int) string {
	if len(ns) == 0 {
		return "-"
	}
	s := slices.Sorted(slices.Values(ns))
	return fmt.Sprintf("%d/%d/%d", s[len(s)/2], s[len(s)*9/10], s[len(s)-1])
}
