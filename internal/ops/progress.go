package ops

import (
	"os"
	"time"

	"github.com/mattn/go-isatty"
	"github.com/rs/zerolog"
	"github.com/schollz/progressbar/v3"
)

const progressEvery = 5 * time.Second

// Progress shows how far long work is: a bar with rate and estimate on a terminal, else a line
// in the log now and then. The returned functions are told the position, and the end.
func Progress(what string, total int64, logger zerolog.Logger) (at func(int64), done func()) {
	if !isatty.IsTerminal(os.Stderr.Fd()) {
		last := time.Now() // short work is not worth a line
		return func(n int64) {
			if time.Since(last) >= progressEvery {
				last = time.Now()
				logger.Info().Int64("at", n).Int64("of", total).Msg(what)
			}
		}, func() {}
	}
	bar := progressbar.NewOptions64(total, progressbar.OptionSetWriter(os.Stderr), progressbar.OptionSetDescription(what),
		progressbar.OptionShowIts(), progressbar.OptionShowCount(), progressbar.OptionSetPredictTime(true), progressbar.OptionClearOnFinish())
	return func(n int64) { _ = bar.Set64(n) }, func() { _ = bar.Finish() }
}
