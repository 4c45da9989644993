package console

import (
	"net/http"
	"time"

	"github.com/tokenstate/tokenstate/internal/console/page"
	"github.com/tokenstate/tokenstate/internal/doctor"
)

// logPage shows how far the log is applied.
func (s *Server) logPage(r *http.Request, v Visitor) (answer, error) {
	log, at, stale := s.logState(r, v)
	check := s.checks.shown()
	if len(v.Realms) > 0 {
		check.Lines = nil // they name users of any realm
	}
	return answer{page: "log", title: "Log", data: struct {
		Log      *page.Log
		At       time.Time
		Stale    bool
		MayCheck bool
		Check    page.Check
	}{log, at, stale, s.Checks != nil && v.Role >= Operator, check}}, nil
}

type setupView struct {
	Version  string
	Settings []page.Setting
	Log      *page.Log
	Findings []doctor.Finding
}

// setup shows what is in force, and what doctor finds in what the console may see.
func (s *Server) setup(r *http.Request, v Visitor) (answer, error) {
	log, _, _ := s.logState(r, v)
	data := setupView{Version: s.Version, Settings: s.Settings, Log: log}
	seen := doctor.Seen{
		Now: s.Known.Now(), Nodes: doctor.NodesOf(s.Known.Nodes()),
		Unasked: map[string]string{keycloakPart: "not by the console"},
	}
	if log != nil {
		for _, x := range log.Readings {
			seen.Missed = append(seen.Missed, doctor.Missed{Realm: x.Realm, Any: x.Missed, Upto: x.Upto})
		}
	}
	for _, f := range doctor.Examine(seen) {
		if f.Check != keycloakPart {
			data.Findings = append(data.Findings, f)
		}
	}
	return answer{page: "setup", title: "Set-up", data: data}, nil
}

// keycloakPart is how doctor calls Keycloak, which the console does not ask.
const keycloakPart = "keycloak"
