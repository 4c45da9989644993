package ops

import (
	"fmt"
	"os"
	"sync"
	"time"

	"github.com/mattn/go-isatty"
	"github.com/rs/zerolog"

	"github.com/tokenstate/tokenstate/internal/settings"
)

// Logging is how a program logs, and where its admin port is.
type Logging struct{ Level, Format string }

// AddTo adds LOG_LEVEL and LOG_FORMAT.
func (l *Logging) AddTo(t *settings.Table) {
	t.Choice(&l.Level, "LOG_LEVEL", []string{"info", "trace", "debug", "warn", "error"}, "least level that is logged")
	t.Choice(&l.Format, "LOG_FORMAT", []string{"json", "console"}, "how a line of the log looks")
}

// nanos is global in the library, and may be set once only while others log.
var nanos = sync.OnceFunc(func() { zerolog.TimeFieldFormat = time.RFC3339Nano })

// Logger writes to stderr: data belongs to stdout.
func (l *Logging) Logger(program string) zerolog.Logger {
	nanos()
	level, err := zerolog.ParseLevel(l.Level)
	if err != nil {
		panic(fmt.Sprintf("LOG_LEVEL was checked: %v", err))
	}
	logger := zerolog.New(os.Stderr)
	if l.Format == "console" {
		logger = zerolog.New(zerolog.ConsoleWriter{Out: os.Stderr, TimeFormat: time.TimeOnly, NoColor: !colours(os.Stderr)})
	}
	return logger.Level(level).With().Timestamp().Str("program", program).Logger()
}

// colours are for a terminal, and for nobody who does not want them (no-color.org): in a file they are noise.
func colours(to *os.File) bool {
	return os.Getenv("NO_COLOR") == "" && isatty.IsTerminal(to.Fd())
}
