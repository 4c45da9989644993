package adapters

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/tokenstate/tokenstate/internal/recovery"
	"github.com/tokenstate/tokenstate/internal/tokenstate/postgres"
)

// exportPage is how many lines are read at once.
const exportPage = 1000

// Export writes the lines e.From to e.To into the file e.File, and says in e what it wrote. It writes beside the file
// first: a file of that name is always whole. Without force it replaces none (fs.ErrExist): after a prune the file that
// is there may be the only one that holds what was pruned.
func Export(ctx context.Context, st *postgres.Store, e *postgres.Export, force bool, progress func(int64)) error {
	if _, err := os.Lstat(e.File); err == nil && !force {
		return fs.ErrExist
	}
	f, err := os.CreateTemp(filepath.Dir(e.File), filepath.Base(e.File)+".*")
	if err != nil {
		return fmt.Errorf("export journal: %w", err)
	}
	err = errors.Join(export(ctx, st, f, e, progress), f.Sync(), f.Close())
	if err == nil {
		err = place(f.Name(), e.File, force)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("export journal: %w", err), os.Remove(f.Name()))
	}
	return st.JournalExported(ctx, *e)
}

// place gives the whole file its name. A link fails where a rename would replace.
func place(from, to string, force bool) error {
	if force {
		return os.Rename(from, to)
	}
	if err := os.Link(from, to); err != nil {
		return err
	}
	return os.Remove(from)
}

// export writes the lines e.From to e.To.
func export(ctx context.Context, st *postgres.Store, to io.Writer, e *postgres.Export, progress func(int64)) error {
	w, err := recovery.NewWriter(to)
	if err != nil {
		return err
	}
	for last := e.From - 1; last < e.To; {
		es, ns, err := st.JournalLinesTo(ctx, last, e.To, exportPage)
		if err != nil {
			return err
		}
		for _, one := range es {
			if err := w.Add(one); err != nil {
				return err
			}
		}
		if len(es) == 0 {
			break
		}
		e.Lines, last = e.Lines+int64(len(es)), ns
		progress(last - e.From + 1)
	}
	e.SHA256, err = w.Close()
	return err
}
