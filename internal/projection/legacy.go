package projection

import (
	"context"
	"time"

	"github.com/tokenstate/tokenstate/internal/apikey"
)

// HasDigest reports whether memory knows a key in another format than ours by one of its digests:
// whatever it lacks costs a look into the database.
func (p *Projection) HasDigest(sums []apikey.Sum) bool {
	return read(p, func(st *state) bool { return st.byDigest(sums).ID != "" })
}

// KeysByDigest finds keys in another format than ours, each by the digests that it has under the
// peppers in force; the zero record is none. Those that memory lacks are looked for in the database,
// all at once: another replica may just have imported them. An error means that it is not known
// whether they exist.
func (p *Projection) KeysByDigest(ctx context.Context, keys [][]apikey.Sum) ([]apikey.Record, error) {
	out, missing := p.remembered(keys)
	if len(missing) == 0 {
		return out, nil
	}
	var flight []byte
	for _, sum := range missing {
		flight = append(flight, sum[:]...)
	}
	got, err, _ := p.find.Do(string(flight), func() (any, error) {
		if !p.digestLimit.Allow() {
			return nil, ErrBusy
		}
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), findLimit)
		defer cancel()
		return p.fetchLegacy(ctx, missing)
	})
	if err != nil {
		return nil, err
	}
	found := got.(map[apikey.Sum]apikey.Record) // the function above returns nothing else
	for i, sums := range keys {
		for _, sum := range sums {
			if rec, ok := found[sum]; ok && out[i].ID == "" {
				out[i] = rec
			}
		}
	}
	return out, nil
}

// remembered are the keys that memory has, and the digests of the others, but for those that were
// looked for in vain a moment ago.
func (p *Projection) remembered(keys [][]apikey.Sum) (out []apikey.Record, missing []apikey.Sum) {
	p.mu.RLock()
	defer p.mu.RUnlock()
	out = make([]apikey.Record, len(keys))
	for i, sums := range keys {
		if p.st != nil {
			out[i] = p.st.byDigest(sums)
		}
		if out[i].ID != "" {
			continue
		}
		for _, sum := range sums {
			if time.Since(p.absent[string(sum[:])]) >= absentFor {
				missing = append(missing, sum)
			}
		}
	}
	return out, missing
}

func (p *Projection) fetchLegacy(ctx context.Context, sums []apikey.Sum) (map[apikey.Sum]apikey.Record, error) {
	recs, err := p.source.FindLegacy(ctx, sums)
	if err != nil {
		return nil, err
	}
	found := make(map[apikey.Sum]apikey.Record, len(recs))
	for _, rec := range recs {
		found[rec.Digest] = rec // not kept: the feed brings it, at its version
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, sum := range sums {
		if _, ok := found[sum]; !ok {
			p.lacks(string(sum[:]))
		}
	}
	return found, nil
}

// lacks remembers what was not found; the caller holds the lock.
func (p *Projection) lacks(name string) {
	if len(p.absent) >= maxAbsent {
		clear(p.absent)
	}
	p.absent[name] = time.Now()
}

func (st *state) byDigest(sums []apikey.Sum) apikey.Record {
	for _, sum := range sums {
		if rec, ok := st.key(st.digests[sum]); ok {
			return rec
		}
	}
	return apikey.Record{}
}
