package main

import (
	"context"
	"time"

	"github.com/rs/zerolog"

	"github.com/tokenstate/tokenstate/internal/doctor"
)

// selfTest is doctor on a timer, with the worker's own rights (reliability.md F10): somebody takes
// the listener away or switches the event store off, and nothing else would say so.
func (p *running) selfTest(ctx context.Context) error {
	said := map[string]string{}
	for ctx.Err() == nil {
		wait(ctx, p.c.testEvery)
		if ctx.Err() == nil {
			said = p.say(doctor.Examine(p.seen(ctx)), said)
		}
	}
	return nil
}

// seen is what a worker can ask without an operator's rights.
func (p *running) seen(ctx context.Context) doctor.Seen {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	s := doctor.Seen{
		Now: time.Now(), Overlap: p.c.overlap, Skew: p.c.skew, Unasked: map[string]string{},
		Database: &doctor.Database{}, // it could not have started on another schema
	}
	if err := lookAtStore(ctx, p.store.Store, &s); err != nil {
		s.Database, s.Unasked["postgres"] = nil, err.Error()
	}
	if settings, err := p.log.Settings(ctx); err != nil {
		s.Unasked["nats"] = err.Error()
	} else {
		found := doctor.Stream(settings)
		s.Stream = &found
	}
	p.c.lookAtSync(ctx, &s)
	realms := map[string]doctor.Realm{}
	for realm := range p.known.Realms() {
		realms[realm] = doctor.Realm{}
	}
	roles, err := p.admin.Roles(ctx)
	if err != nil {
		s.Unasked["keycloak"] = err.Error()
		return s
	}
	lookAtRealms(ctx, p.admin, p.c.adminRealm, roles, realms, &s)
	return s
}

// say logs what is new, and what is in order again.
func (p *running) say(fs []doctor.Finding, said map[string]string) map[string]string {
	now, count := map[string]string{}, map[doctor.Level]float64{doctor.Fault: 0, doctor.Warning: 0}
	for _, f := range fs {
		if f.Level == doctor.OK {
			continue
		}
		count[f.Level]++
		now[f.Check] = f.Repair
		if _, known := said[f.Check]; known {
			continue
		}
		level := zerolog.WarnLevel
		if f.Level == doctor.Fault {
			level = zerolog.ErrorLevel
		}
		p.logger.WithLevel(level).Str("check", f.Check).Str("found", f.Found).Str("breaks", f.Breaks).Str("repair", f.Repair).Msg("self-test")
	}
	for check := range said {
		if _, still := now[check]; !still {
			p.logger.Info().Str("check", check).Msg("self-test: in order again")
		}
	}
	for level, n := range count {
		p.measures.findings.WithLabelValues(string(level)).Set(n)
	}
	p.measures.tested.SetToCurrentTime()
	return now
}
