package main

import (
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/urfave/cli/v3"

	"github.com/tokenstate/tokenstate/internal/apikey"
	"github.com/tokenstate/tokenstate/internal/ops"
	"github.com/tokenstate/tokenstate/internal/secret"
	"github.com/tokenstate/tokenstate/internal/settings"
	"github.com/tokenstate/tokenstate/internal/vault"
)

// noMaster stands for all masters that the file lacks.
const noMaster = "missing"

func checkCommand() *cli.Command {
	return operatorCommand("check", "", "say which keys the files hold, and how many rows need each; exit code 3 if a row needs one that is missing", nil, checkSecrets)
}

type keyUse struct {
	File    vault.Kind `json:"file"`
	ID      string     `json:"id"`
	Present bool       `json:"present"`
	Missing bool       `json:"missing"`
	Rows    *int64     `json:"rows"` // that need it; null where nobody counts
}

func checkSecrets(ctx context.Context, cmd *cli.Command, o *operator) error {
	_, loose := vault.Load(o.files)
	if loose != nil && !vault.Warning(loose) {
		return fmt.Errorf("%w:\n%w", settings.ErrConfiguration, loose)
	}
	var all []keyUse
	missing := int64(0)
	for _, kind := range vault.Kinds() {
		uses, err := o.check(ctx, kind)
		if err != nil {
			return err
		}
		for _, u := range uses {
			if u.Missing && u.File != vault.KindMaster { // keys outlive their master
				missing += *u.Rows
			}
		}
		all = append(all, uses...)
	}
	err := ops.Output(cmd, all, func(w io.Writer) {
		ops.Row(w, "FILE", "ID", "PRESENT", "MISSING", "NEEDED BY ROWS")
		for _, u := range all {
			rows := "-"
			if u.Rows != nil {
				rows = strconv.FormatInt(*u.Rows, 10)
			}
			ops.Row(w, u.File, u.ID, u.Present, u.Missing, rows)
		}
	})
	switch {
	case err != nil:
		return err
	case missing > 0:
		return fmt.Errorf("%w: %d rows need a key that no file holds: put it back from your backup", ops.ErrDifferences, missing)
	}
	return loose
}

// check joins what a file holds with what the database needs.
func (o *operator) check(ctx context.Context, kind vault.Kind) ([]keyUse, error) {
	ids, err := vault.IDs(kind, o.files.Path(kind))
	if err != nil {
		return nil, err
	}
	used, err := o.usesOf(ctx, kind)
	if err != nil {
		return nil, err
	}
	var out []keyUse
	for i, id := range ids {
		u := keyUse{File: kind, ID: id, Present: i == 0}
		if used != nil {
			n := used[id]
			u.Rows = &n
		}
		delete(used, id)
		out = append(out, u)
	}
	for _, id := range slices.Sorted(maps.Keys(used)) {
		n := used[id]
		out = append(out, keyUse{File: kind, ID: id, Missing: true, Rows: &n})
	}
	return out, nil
}

// usesOf counts the rows that need each key of a kind; nil for the snapshot, which is made anew.
func (o *operator) usesOf(ctx context.Context, kind vault.Kind) (map[string]int64, error) {
	switch kind {
	case vault.KindPepper:
		under, err := o.keys().UnderPeppers(ctx)
		used := map[string]int64{}
		for _, u := range under {
			used[u.Pepper] = u.Keys + u.ServiceKeys
		}
		return used, err
	case vault.KindKeyset:
		return o.store().SealedUnder(ctx)
	case vault.KindMaster:
		return o.derivedFrom(ctx)
	default:
		return nil, nil
	}
}

// derivedFrom counts live system keys by the master that they can be derived from again.
func (o *operator) derivedFrom(ctx context.Context) (map[string]int64, error) {
	held, err := o.secrets()
	if err != nil {
		return nil, err
	}
	used := map[string]int64{}
	err = o.keys().EachSystemKey(ctx, func(rec apikey.Record) {
		id := noMaster
		for _, m := range append([]secret.Text{held.Master}, held.OldMasters...) {
			if apikey.Derive(m, systemOf(rec)).ID == rec.ID {
				id = vault.MasterID(m)
			}
		}
		used[id]++
	})
	return used, err
}

func systemOf(rec apikey.Record) apikey.System {
	return apikey.System{
		Realm: rec.Realm, User: rec.User, Org: rec.Org, Name: strings.TrimPrefix(rec.Name, apikey.SystemPrefix),
		Generation: rec.Generation,
	}
}
