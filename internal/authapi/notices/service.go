// Package notices lets backends read what their users should be told: page by page, or as it comes.
package notices

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"sync"

	"github.com/danielgtaylor/huma/v2"

	"github.com/tokenstate/tokenstate/internal/authapi/gate"
	"github.com/tokenstate/tokenstate/internal/authapi/web"
	"github.com/tokenstate/tokenstate/internal/notice"
)

// Store is where notices are read from, in the order in which they were written.
type Store interface {
	NoticesAfter(ctx context.Context, realm string, after int64, most int) ([]Notice, error)
	LastNotice(ctx context.Context) (int64, error)
}

// Notice is one of them: its place, which callers go on from, and its CloudEvent in one line.
type Notice struct {
	N    int64
	Body []byte
}

// Service answers these calls. New makes one.
type Service struct {
	gate    *gate.Gate
	door    *web.Door
	store   Store
	streams chan struct{}
	stopped chan struct{}
	stop    func()
}

// New makes a service.
func New(g *gate.Gate, d *web.Door, store Store) *Service {
	s := &Service{gate: g, door: d, store: store, streams: make(chan struct{}, maxStreams), stopped: make(chan struct{})}
	s.stop = sync.OnceFunc(func() { close(s.stopped) })
	return s
}

// Stop ends all streams, so that a program which stops need not wait for them.
func (s *Service) Stop() { s.stop() }

type input struct {
	After string `query:"after" maxLength:"18" pattern:"^[0-9]*$" doc:"next_after of the page before; without it, the oldest that are kept"`
	Limit int    `query:"limit" minimum:"1" maximum:"1000" default:"100"`
}

type answer struct {
	Body struct {
		Items []notice.CloudEvent `json:"items" doc:"oldest first"`
		After string              `json:"next_after" doc:"where to go on, also when there is nothing more yet"`
	}
}

// Register adds its call.
func (s *Service) Register(api huma.API) {
	op := web.Operation(http.MethodGet, "/v1/notices", "What users should be told: that they must log in again, are closed or open again, that a key ends", web.SmallBody)
	op.Middlewares = append(s.door.ForWholeUser(gate.ScopeNotices), s.stream)
	huma.Register(api, op, s.page)
	ok := api.OpenAPI().Paths["/v1/notices"].Get.Responses["200"]
	ok.Content[streamType] = &huma.MediaType{Schema: &huma.Schema{Type: huma.TypeString}}
}

func (s *Service) page(ctx context.Context, in *input) (*answer, error) {
	after, _ := strconv.ParseInt(in.After, 10, 64) // its pattern was checked; none is 0
	found, err := s.store.NoticesAfter(ctx, web.ServiceOf(ctx).Realm, after, in.Limit)
	if err != nil {
		return nil, s.gate.StoreFault(ctx, err)
	}
	a := &answer{}
	a.Body.Items = make([]notice.CloudEvent, len(found))
	for i, n := range found {
		if err := json.Unmarshal(n.Body, &a.Body.Items[i]); err != nil {
			return nil, s.gate.StoreFault(ctx, fmt.Errorf("notice %d is no CloudEvent: %w", n.N, err))
		}
		after = n.N
	}
	a.Body.After = strconv.FormatInt(after, 10)
	return a, nil
}
