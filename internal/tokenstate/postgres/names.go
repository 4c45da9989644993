package postgres

import (
	"bytes"
	"compress/flate"
	"encoding/json"
	"fmt"
	"io"
	"slices"

	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

// maxNames is how many bytes of names one version may have.
const maxNames = 256 << 20

// Name is of something that a transaction changed. The key is unique within the kind.
type Name struct{ Kind, Key string }

// names are keys by kind.
type names map[string][]string

func namesOf(rows []tokenstate.Row) []Name {
	ns := make([]Name, len(rows))
	for i, r := range rows {
		ns[i] = Name{r.Kind(), r.RowKey()}
	}
	return ns
}

// pack writes names as they stand in the feed. Names of one transaction are much alike, and so take little room.
func pack(ns []Name) ([]byte, error) {
	all := names{}
	for _, n := range ns {
		all[n.Kind] = append(all[n.Kind], n.Key)
	}
	all.tidy()
	var out bytes.Buffer
	z, err := flate.NewWriter(&out, flate.BestCompression)
	if err == nil {
		err = json.NewEncoder(z).Encode(all)
	}
	if err == nil {
		err = z.Close()
	}
	if err != nil {
		return nil, fmt.Errorf("write the names of what changed: %w", err)
	}
	return out.Bytes(), nil
}

// unpack adds packed names.
func (ns names) unpack(raw []byte) error {
	var more names
	if err := json.NewDecoder(io.LimitReader(flate.NewReader(bytes.NewReader(raw)), maxNames)).Decode(&more); err != nil {
		return fmt.Errorf("read the names of what changed: %w", err)
	}
	for kind, keys := range more {
		ns[kind] = append(ns[kind], keys...)
	}
	return nil
}

// tidy has each name once.
func (ns names) tidy() {
	for kind, keys := range ns {
		slices.Sort(keys)
		ns[kind] = slices.Compact(keys)
	}
}

// keyColumns are the first n parts of keys that are JSON arrays, each combination once, as the arrays that a query takes.
func keyColumns(keys []string, n int) ([]any, error) {
	const most = 6
	seen := map[[most]string]bool{}
	columns := make([][]string, n)
	for _, key := range keys {
		var parts []any
		if err := json.Unmarshal([]byte(key), &parts); err != nil || len(parts) < n {
			return nil, fmt.Errorf("%q names nothing", key)
		}
		var first [most]string
		for i := range n {
			text, ok := parts[i].(string)
			if !ok {
				return nil, fmt.Errorf("%q names nothing", key)
			}
			first[i] = text
		}
		if seen[first] {
			continue
		}
		seen[first] = true
		for i := range n {
			columns[i] = append(columns[i], first[i])
		}
	}
	args := make([]any, n)
	for i, c := range columns {
		args[i] = c
	}
	return args, nil
}
