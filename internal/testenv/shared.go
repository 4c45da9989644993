package testenv

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/tokenstate/tokenstate/internal/devstack"
)

// limit bounds each thing that testenv waits for.
const limit = time.Minute

// shared is the Postgres of this process where `make test` gave none.
var shared struct {
	sync.Mutex
	stack *devstack.Stack
}

// cluster is the URL of a database on a server where we may make more.
func cluster(tb testing.TB) string {
	tb.Helper()
	if url := os.Getenv("DATABASE_URL"); url != "" {
		return url
	}
	shared.Lock()
	defer shared.Unlock()
	if shared.stack == nil {
		s, err := startShared()
		if err != nil {
			tb.Fatalf("testenv: this test needs Postgres, and starting one failed (`make test` brings one): %v", err)
		}
		shared.stack = s
	}
	return shared.stack.Env.DatabaseURL
}

func startShared() (*devstack.Stack, error) {
	dir, err := root()
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	return devstack.Start(ctx, devstack.Options{
		Root: dir, Logs: filepath.Join(dir, ".dev", "log", "go-test"), Throwaway: true,
		Database: true,
	})
}

func stopShared() error {
	shared.Lock()
	defer shared.Unlock()
	if shared.stack == nil {
		return nil
	}
	err := shared.stack.Stop()
	shared.stack = nil
	return err
}

// root is the checkout: tests run in their package's folder, below it.
func root() (string, error) {
	dir, err := os.Getwd()
	for err == nil {
		if _, statErr := os.Stat(filepath.Join(dir, "go.mod")); statErr == nil {
			return dir, nil
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return "", errors.New("no go.mod above the tests")
		}
		dir = parent
	}
	return "", err
}
