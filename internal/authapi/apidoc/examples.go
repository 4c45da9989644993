package apidoc

import (
	_ "embed"
	"encoding/json"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"
)

// recorded is what `make docs DOCS_WRITE=1` saw in the order of docs/api.md, the first successful call of each kind.
//
//go:embed examples.json
var recorded []byte

// example is one call and its answer, without what differs from run to run.
type example struct {
	Status  int `json:"status"`
	Request any `json:"request,omitempty"`
	Answer  any `json:"answer,omitempty"`
}

var examples = mustRead()

func mustRead() (all map[string]*example) {
	if err := json.Unmarshal(recorded, &all); err != nil {
		panic("apidoc: examples.json is no JSON: " + err.Error()) // it is a part of the program, and a test reads it
	}
	return all
}

func (e *example) add(op *huma.Operation) {
	if e == nil {
		return
	}
	if op.RequestBody != nil && e.Request != nil {
		for _, media := range op.RequestBody.Content {
			media.Example = e.Request
		}
	}
	if answer := op.Responses[strconv.Itoa(e.Status)]; answer != nil && e.Answer != nil {
		for kind, media := range answer.Content {
			if strings.HasSuffix(kind, "json") { // a stream of events is text
				media.Example = e.Answer
			}
		}
	}
}
