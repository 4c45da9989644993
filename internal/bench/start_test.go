package bench

import (
	"context"
	"errors"
	"io"
	"path/filepath"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/rs/zerolog"

	"github.com/tokenstate/tokenstate/internal/projection"
	"github.com/tokenstate/tokenstate/internal/projection/pgsource"
	"github.com/tokenstate/tokenstate/internal/tokenstate/postgres"
	"github.com/tokenstate/tokenstate/internal/vault"
)

// start is how a replica comes to answers: from Postgres, and from the sealed file while Postgres is away; and what it is
// asked at once by those who watch it.
func start(b *bench) {
	b.population = b.endingNow()
	pool := b.pool(b.database(), 16) // each source has one of its own until the end, to listen
	b.fill(pool)
	b.teach(postgres.New(pool))

	paths := vault.In(b.TempDir())
	b.must(vault.Generate(paths))
	held, err := vault.Load(paths)
	b.must(err)
	file := &keeper{SnapshotFile: vault.SnapshotFile{Path: filepath.Join(b.TempDir(), "snapshot"), Keys: held.Snapshot}, kept: make(chan struct{}, 1)}

	fromPostgres := func() projection.Source {
		source := pgsource.New(pool, time.Second)
		b.Cleanup(source.Close)
		return source
	}
	bare := milliseconds(b.rounds, func() { b.rowsOf(pool) })
	b.starts("from Postgres", 8, fromPostgres, nil, "reading the rows", bare)
	b.keep(fromPostgres(), file)
	bare = milliseconds(b.rounds, func() {
		from, err := file.Kept()
		b.must(err)
		_, err = io.Copy(io.Discard, from)
		b.must(errors.Join(err, from.Close()))
	})
	away := func() projection.Source { return away{fromPostgres()} }
	b.starts("from the sealed file", 6, away, file, "opening it", bare)
	b.watched(fromPostgres())
}

// starts loads a projection several times. goal is how many times what a bare map as large takes to be filled, by processor
// time.
func (b *bench) starts(from string, goal float64, source func() projection.Source, keeper projection.Keeper, peer string, bare []float64) {
	b.Helper()
	var took, ratios, peaks, used, times []float64
	for i := range b.rounds {
		known := projection.New(source(), projection.Options{LoadLimit: 1 << 40, Keeper: keeper, Retry: time.Millisecond}, zerolog.Nop())
		filled := b.peerFilled()
		settled()
		most, began, processor := peak(), time.Now(), processorTime()
		stop := b.running(known.Run)
		b.must(known.WaitVersion(b.Context(), 1))
		ms := float64(time.Since(began).Nanoseconds()) / 1e6
		spent := processorTime() - processor
		used, times = append(used, float64(spent.Nanoseconds())/1000/float64(b.n)), append(times, float64(spent)/float64(filled))
		top, steady := most(), settled()
		if n := known.Realms()["demo"]; n != b.n {
			b.Fatalf("%s: %d users of %d", from, n, b.n)
		}
		stop()
		took, ratios = append(took, ms*1000/float64(b.n)), append(ratios, ms/bare[i])
		without := settled() // nobody uses known any more
		peaks = append(peaks, (top-without)/(steady-without))
	}
	b.row("a token loaded "+from, "µs", none, took...)
	b.row("processor time of this process, loaded "+from, "µs", none, used...)
	b.row("that ÷ of a bare map as large", "", atMost(goal), times...)
	b.row("loaded "+from+" ÷ "+peer, "", none, ratios...)
	b.row("peak ÷ steady memory, loaded "+from, "", atMost(1.5), peaks...)
}

// rowsOf reads all that a snapshot is made of, and does nothing with it.
func (b *bench) rowsOf(pool *pgxpool.Pool) {
	b.Helper()
	for _, table := range []string{"fact_standing", "fact_look", "fact_sighting", "fact_refusal", "fact_cutoff", "fact_pardon", "fact_doubt", "offline_token", "api_key"} {
		b.copiedOut(pool, "tokenstate."+table)
	}
}

// copiedOut is the fastest way to read what Postgres has: a table, or a query in parentheses.
func (b *bench) copiedOut(pool *pgxpool.Pool, what string) {
	b.Helper()
	conn, err := pool.Acquire(b.Context())
	b.must(err)
	defer conn.Release()
	_, err = conn.Conn().PgConn().CopyTo(b.Context(), io.Discard, "COPY "+what+" TO STDOUT (FORMAT binary)")
	b.must(err)
}

// keeper tells when a snapshot is kept.
type keeper struct {
	vault.SnapshotFile

	kept chan struct{}
}

func (k *keeper) Keep(write func(io.Writer) error) error {
	err := k.SnapshotFile.Keep(write)
	select {
	case k.kept <- struct{}{}:
	default:
	}
	return err
}

// keep has a snapshot written.
func (b *bench) keep(source projection.Source, file *keeper) {
	b.Helper()
	known := projection.New(source, projection.Options{LoadLimit: 1 << 40, Keeper: file, KeepEvery: time.Millisecond}, zerolog.Nop())
	stop := b.running(known.Run)
	b.must(known.WaitVersion(b.Context(), 1))
	stopKeeping := b.running(known.Keep)
	<-file.kept
	stopKeeping()
	stop()
}

// away is a database that does not answer.
type away struct{ projection.Source }

var errAway = errors.New("the database is away")

func (away) Status(context.Context) (projection.Status, error) { return projection.Status{}, errAway }
