package web

import (
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
)

// Bounds of what one request may bring.
const (
	SmallBody   = 4 << 10
	TokenBody   = 32 << 10
	DecideBody  = 1 << 20
	BodyTimeout = 10 * time.Second
)

// Operation is one call with its limits.
func Operation(method, path, summary string, body int64) huma.Operation {
	return huma.Operation{
		OperationID: operationID(method, path), Method: method, Path: path, Summary: summary,
		MaxBodyBytes: body, BodyReadTimeout: BodyTimeout, DefaultStatus: http.StatusOK,
	}
}

func operationID(method, path string) string {
	id := []byte(method)
	for _, c := range []byte(path) {
		if c == '{' || c == '}' {
			continue
		}
		if c == '/' {
			c = '-'
		}
		id = append(id, c)
	}
	return string(id)
}
