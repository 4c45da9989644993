package doctor

import (
	"testing"
	"time"
)

func healthy() Seen {
	now := time.Unix(1_700_000_000, 0)
	realm := Realm{
		Name: "demo", Keycloak: now, Asked: now, Heard: true, UserEvents: true, Types: Types, UserExpiry: 7 * 24 * time.Hour, AdminEvents: true, Details: true, AdminExpiry: 0, Listeners: []string{"tokenstate"},
		Roles: append([]string{"query-users"}, Roles...), OwnersInAll: 3,
	}
	return Seen{
		Now: now, Overlap: 5 * time.Minute, Skew: 5 * time.Second, Margin: 10 * time.Second, Worker: new(time.Duration), Rights: &Rights{}, Logins: &Logins{}, Version: "26.7.3", Unasked: map[string]string{},
		Realms: []Realm{realm}, Admin: Realm{Name: "master", Roles: []string{"view-events"}, AdminEvents: true, Listeners: []string{"tokenstate"}},
		Missed: []Missed{{Realm: "demo", Upto: now.Add(-6 * time.Minute)}, {Realm: "master", Upto: now.Add(-6 * time.Minute)}},
		Nodes:  []Node{{Name: "kc1", Resource: 1, Heard: now.Add(-10 * time.Second)}},
		Stream: &Stream{
			File: true, LimitsOnly: true, DiscardNew: true, DenyDelete: true, DenyPurge: true, AllowDirect: true, MaxMessage: 64 << 10,
			Subjects: []string{"tokenstate.v1.>"}, Duplicates: 2 * time.Minute,
		},
		Database: &Database{Schema: 3, Program: 3, Writes: true, Confirmed: true},
	}
}

// Ensure nothing is found where nothing is wrong, and that each thing that is wrong is the only
// finding, with what it breaks and what repairs it. What needs a real system is in internal/e2e.
func TestExamine(t *testing.T) {
	for name, c := range map[string]struct {
		level Level
		harm  func(*Seen)
	}{
		"":                                     {OK, func(*Seen) {}},
		"listener":                             {Fault, func(s *Seen) { s.Nodes = nil }},
		"listener of kc1":                      {Fault, func(s *Seen) { s.Nodes[0].Heard = s.Now.Add(-time.Minute) }},
		"listener of kc1, queue":               {Warning, func(s *Seen) { s.Nodes[0].Dropped = 1 }},
		"clock of kc1":                         {Warning, func(s *Seen) { s.Nodes[0].Ahead = -6 * time.Second }},
		"keycloak's version":                   {Warning, func(s *Seen) { s.Version = "27.0.0" }},
		"realm demo, listener on every node":   {Fault, func(s *Seen) { s.Missed[0].Any = true }},
		"realm demo, the worker's roles":       {Fault, func(s *Seen) { s.Realms[0].Roles = Roles[1:] }},
		"realm demo, types of user events":     {Fault, func(s *Seen) { s.Realms[0].Types = nil }}, // Keycloak's defaults lack two
		"realm demo, expiry of user events":    {Fault, func(s *Seen) { s.Realms[0].UserExpiry = time.Hour }},
		"realm demo, expiry of admin events":   {Fault, func(s *Seen) { s.Realms[0].AdminExpiry = time.Hour }},
		"realm demo, details of admin events":  {Warning, func(s *Seen) { s.Realms[0].Details = false }},
		"realm demo, clock":                    {Warning, func(s *Seen) { s.Realms[0].Keycloak = s.Now.Add(6 * time.Second) }},
		"realm demo, owners":                   {Warning, func(s *Seen) { s.Realms[0].NeverLooked = 2 }},
		"realm master, admin events":           {Warning, func(s *Seen) { s.Admin.AdminEvents = false }},
		"realm demo, listener":                 {Fault, func(s *Seen) { s.NoGlobal, s.Realms[0].Listeners = true, nil }},
		"realm master, listener":               {Fault, func(s *Seen) { s.NoGlobal, s.Admin.Listeners = true, nil }},
		"realm master, expiry of admin events": {Fault, func(s *Seen) { s.Admin.AdminExpiry = time.Hour }},
		"log, window of duplicates":            {Fault, func(s *Seen) { s.Stream.Duplicates = time.Second }},
		"log, permissions":                     {Fault, func(s *Seen) { s.Rights.Lacking = []string{"x"} }},
		"log, passwords":                       {Fault, func(s *Seen) { s.Logins = &Logins{Open: []string{"listener"}} }},
		"clock of the worker":                  {Fault, func(s *Seen) { *s.Worker = -11 * time.Second }},
		"realm master, the worker's roles":     {Fault, func(s *Seen) { s.Admin.Roles = nil }},
		"log, storage in files":                {Fault, func(s *Seen) { s.Stream.File = false }},
		"log, retention by limits":             {Fault, func(s *Seen) { s.Stream.LimitsOnly = false }},
		"log, subjects":                        {Fault, func(s *Seen) { s.Stream.Subjects = []string{"x"} }},
		"schema":                               {Fault, func(s *Seen) { s.Database.Schema = 2 }},
		"database role, rights":                {Fault, func(s *Seen) { s.Database.Writes = false }},
		"database role, least rights":          {Warning, func(s *Seen) { s.Database.Superuser = true }},
		"outbox":                               {Warning, func(s *Seen) { s.Database.OutboxAge = time.Hour }},
		"log, sync":                            {Warning, func(s *Seen) { no := false; s.Sync = &no }},
		"nats":                                 {Fault, func(s *Seen) { s.Stream = nil; s.Unasked["nats"] = "no answer" }},
	} {
		s := healthy()
		c.harm(&s)
		fs := Examine(s)
		if got := Worst(fs); got != c.level {
			t.Errorf("%q: the worst is %s, not %s", name, got, c.level)
		}
		for _, f := range fs {
			switch {
			case f.Level == OK && (f.Breaks != "" || f.Repair != ""):
				t.Errorf("%q: what is in order breaks nothing: %+v", name, f)
			case f.Level != OK && f.Check != name:
				t.Errorf("%q: found %+v as well", name, f)
			case f.Level != OK && (f.Breaks == "" || f.Repair == "" || f.Found == ""):
				t.Errorf("%q: it says too little: %+v", name, f)
			}
		}
	}
	for version, want := range map[string]Level{"26.0.8": OK, "26.4.11": OK, "26.70.1": Warning, "25.0.6": Warning, "": Warning} {
		s := healthy()
		s.Version = version
		if w := Worst(Examine(s)); w != want {
			t.Errorf("Keycloak %q: %s", version, w)
		}
	}
	s := healthy()
	s.Nodes = append(s.Nodes, Node{Name: "gone", Heard: s.Now.Add(-time.Hour), Leaving: true})
	if w := Worst(Examine(s)); w != OK {
		t.Errorf("a node that has left in good order: %s", w)
	}
}

// Ensure whoever refreshes a sealed token beside authapi can find out that this ends its session.
func TestRotation(t *testing.T) {
	for want, once := range map[string]*bool{"not known": nil, "may be used again": new(bool), "are good once: nobody but authapi may refresh a sealed one": new(true)} {
		s := healthy()
		s.Realms[0].RefreshOnce = once
		found := ""
		for _, f := range Examine(s) {
			if f.Check == "realm demo, refresh tokens" && f.Level == OK {
				found = f.Found
			}
		}
		if found != want {
			t.Errorf("%q, want %q", found, want)
		}
	}
}

// Ensure what is checked by degree, or by several marks, has the level that its harm deserves.
func TestDegrees(t *testing.T) {
	for name, c := range map[string]struct {
		level Level
		harm  func(*Seen)
	}{
		"a node that is gone for good, while others speak": {OK, func(s *Seen) { s.Nodes = append(s.Nodes, Node{Name: "gone", Heard: s.Now.Add(-11 * time.Minute)}) }},
		"one that fell silent just now":                    {Fault, func(s *Seen) { s.Nodes = append(s.Nodes, Node{Name: "gone", Heard: s.Now.Add(-9 * time.Minute)}) }},
		"all nodes silent":                                 {Fault, func(s *Seen) { s.Nodes[0].Heard = s.Now.Add(-time.Hour) }},
		"a node's clock beyond belief":                     {Fault, func(s *Seen) { s.Nodes[0].Ahead = 61 * time.Second }},
		"a node's clock far ahead":                         {Warning, func(s *Seen) { s.Nodes[0].Ahead = 59 * time.Second }},
		"a node's clock far behind":                        {Fault, func(s *Seen) { s.Nodes[0].Ahead = -61 * time.Second }},
		"Keycloak's clock beyond the margin":               {Fault, func(s *Seen) { s.Realms[0].Keycloak = s.Now.Add(-11 * time.Second) }},
		"a slow check":                                     {OK, func(s *Seen) { s.Now = s.Now.Add(20 * time.Second) }},
		"the worker's clock beyond the skew":               {Warning, func(s *Seen) { *s.Worker = 6 * time.Second }},
		"no worker's clock":                                {OK, func(s *Seen) { s.Worker = nil }},
		"a listed realm of which nothing was heard":        {OK, func(s *Seen) { s.Realms[0].Heard = false }},
		"a realm of which nothing was heard":               {Warning, func(s *Seen) { s.Realms[0].Heard, s.Realms[0].Listeners = false, nil }},
		"a global listener that was heard":                 {OK, func(s *Seen) { s.Realms[0].Listeners = nil }},
		"rights beyond need in NATS":                       {Warning, func(s *Seen) { s.Rights.Beyond = []string{"x"} }},
		"a store that was not read for long":               {Warning, func(s *Seen) { s.Missed[0].Upto = s.Now.Add(-3 * time.Hour) }},
		"the store of a realm that we have left":           {OK, func(s *Seen) { s.Missed[0].Realm = "left"; s.Missed[0].Upto = s.Now.Add(-8 * 24 * time.Hour) }},
		"and whose rows have expired":                      {Fault, func(s *Seen) { s.Missed[0].Upto = s.Now.Add(-8 * 24 * time.Hour) }},
		"the administrators' realm's rows have expired":    {Fault, func(s *Seen) { s.Admin.AdminExpiry, s.Missed[1].Upto = 25*time.Hour, s.Now.Add(-26*time.Hour) }},
	} {
		s := healthy()
		c.harm(&s)
		if w := Worst(Examine(s)); w != c.level {
			t.Errorf("%s: %s, not %s", name, w, c.level)
		}
		for _, f := range Examine(s) {
			if f.Level != OK && (f.Breaks == "" || f.Repair == "" || f.Found == "") {
				t.Errorf("%s: it says too little: %+v", name, f)
			}
		}
	}
}
