//go:build harm

package harm

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/tokenstate/tokenstate/internal/keycloak"
	"github.com/tokenstate/tokenstate/internal/play"
	"github.com/tokenstate/tokenstate/internal/secret"
)

// pageSize is that of the worker's sweep.
const pageSize = 100

// reader looks with the worker's own code and client.
func (w *world) reader() (*keycloak.Admin, error) {
	e := w.stack.Env
	return keycloak.NewAdmin(keycloak.Config{BaseURL: e.KeycloakURL, ClientID: e.WorkerClientID, ClientSecret: secret.New(e.WorkerClientSecret), Timeout: 30 * time.Second})
}

// sweeping repeats the passes of a sweep, each by itself, as long as tokens are ended. One that fails, or was
// never read to its end, is an error: what was not read was not measured.
func (w *world) sweeping(passes ...func(context.Context) error) (over func() error) {
	ctx, cancel := context.WithCancel(context.Background())
	errs, times := make([]error, len(passes)), make([]int, len(passes))
	var wg sync.WaitGroup
	for i, pass := range passes {
		wg.Go(func() {
			for ctx.Err() == nil && errs[i] == nil {
				if errs[i] = pass(ctx); errs[i] == nil {
					times[i]++
				}
			}
			if ctx.Err() != nil && times[i] > 0 {
				errs[i] = nil // it was interrupted by the end
			}
		})
	}
	return func() error {
		cancel()
		wg.Wait()
		w.t.Logf("meanwhile looks, sessions and users were read %d times", times)
		return errors.Join(errs...)
	}
}

// looking gives the users whose tokens are being ended to look, and waits a moment if there are none.
func (r *side) looking(look func(ctx context.Context, user string) error) func(context.Context) error {
	return func(ctx context.Context) error {
		r.mu.Lock()
		users := make([]string, 0, len(r.now))
		for id := range r.now {
			users = append(users, id)
		}
		r.mu.Unlock()
		if len(users) == 0 {
			play.Pause(ctx, time.Millisecond)
		}
		for _, id := range users {
			if err := look(ctx, id); err != nil {
				return err
			}
		}
		return nil
	}
}

// sweepByREST reads what the worker reads of a Keycloak without the jar.
func sweepByREST(w *world) (over func() error, err error) {
	a, err := w.reader()
	if err != nil {
		return nil, err
	}
	realm, client := w.with.Realm, w.with.app
	return w.sweeping(
		w.with.looking(func(ctx context.Context, user string) error {
			_, err := a.LookUser(ctx, realm, user, []string{client})
			return err
		}),
		byNumber(func(ctx context.Context, first int) (int, error) {
			page, err := a.ClientSessions(ctx, realm, client, first, pageSize)
			return len(page.Sessions), err
		}),
		byNumber(func(ctx context.Context, first int) (int, error) {
			page, err := a.Users(ctx, realm, first, pageSize, false)
			return len(page.Users), err
		}),
	), nil
}

// byNumber reads a listing to its end.
func byNumber(page func(ctx context.Context, first int) (rows int, err error)) func(context.Context) error {
	return func(ctx context.Context) error {
		for first := 0; ; first += pageSize {
			if rows, err := page(ctx, first); err != nil || rows < pageSize {
				return err
			}
		}
	}
}

// sweepByResource reads the same from the jar's resource; keycloak.ErrNoResource if there is none.
func sweepByResource(w *world) (over func() error, err error) {
	a, err := w.reader()
	if err != nil {
		return nil, err
	}
	res, realm, client := a.Resource(), w.with.Realm, w.with.app
	if _, err := res.About(w.ctx); err != nil {
		return nil, err
	}
	return w.sweeping(
		w.with.looking(func(ctx context.Context, user string) error {
			_, err := res.Look(ctx, realm, keycloak.Asked{User: user})
			return err
		}),
		byKey(func(ctx context.Context, after string) (keycloak.KeyPage, error) {
			return res.SessionsAfter(ctx, realm, client, after, pageSize)
		}),
		byKey(func(ctx context.Context, after string) (keycloak.KeyPage, error) {
			return res.UsersAfter(ctx, realm, after, pageSize)
		}),
	), nil
}

func byKey(page func(ctx context.Context, after string) (keycloak.KeyPage, error)) func(context.Context) error {
	return func(ctx context.Context) error {
		for after := ""; ; {
			p, err := page(ctx, after)
			if after = p.Next; err != nil || after == "" {
				return err
			}
		}
	}
}
