package main

import (
	"bytes"
	"encoding/json"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/tokenstate/tokenstate/internal/doctor"
	"github.com/tokenstate/tokenstate/internal/workerd/workertest"
)

// Ensure a NATS that takes connections and says nothing is blamed alone: Keycloak and Postgres have
// bounds of their own, and are asked beside it.
func TestDoctorBlamesOnlyWhoIsAway(t *testing.T) {
	newWorld(t)
	var lc net.ListenConfig
	silent, err := lc.Listen(t.Context(), "tcp", "127.0.0.1:0")
	must(t, err)
	defer func() { _ = silent.Close() }()
	t.Setenv("NATS_URL", "nats://operator:x@"+silent.Addr().String())
	t.Setenv("KEYCLOAK_URL", workertest.Keycloak(t, "26.7.3", `"tokenstate"`, 0))
	t.Setenv("WORKER_KEYCLOAK_CLIENT_ID", "worker")
	t.Setenv("WORKER_KEYCLOAK_CLIENT_SECRET", "x")
	var out, told bytes.Buffer
	app := program()
	app.Writer, app.ErrWriter = &out, &told
	began := time.Now()
	_ = app.Run(t.Context(), []string{"revocation-worker", "doctor", "-o", "json"}) // it ends with what it found
	t.Logf("took %s", time.Since(began).Round(time.Second))
	var fs []doctor.Finding
	must(t, json.Unmarshal(out.Bytes(), &fs))
	for _, f := range fs {
		if f.Check == "postgres" || f.Check == "keycloak" {
			t.Errorf("blamed, too: %+v", f)
		}
	}
	for _, line := range []string{"postgres asked", "keycloak asked", "nats could not be asked"} {
		if !strings.Contains(told.String(), line) {
			t.Errorf("not told that %s: %s", line, told.String())
		}
	}
}
