package workerd

import (
	"context"
	"time"

	"github.com/rs/zerolog"

	"github.com/tokenstate/tokenstate/internal/doctor"
	"github.com/tokenstate/tokenstate/internal/inspection"
	"github.com/tokenstate/tokenstate/internal/pause"
)

// selfTest is doctor on a timer, with the worker's own rights: somebody takes
// the listener away or switches the event store off, and nothing else would say so.
func (p *running) selfTest(ctx context.Context) error {
	said := map[string]string{}
	for ctx.Err() == nil {
		_ = pause.For(ctx, p.config.SelfTestInterval)
		if ctx.Err() == nil {
			said = p.say(doctor.Examine(p.seen(ctx)), said)
		}
	}
	return nil
}

// standbyTestEvery is how often a standby tries what it will need.
const standbyTestEvery = 10 * time.Minute

// testStandby is selfTest for who waits: at once, and then now and then.
func (p *running) testStandby(ctx context.Context) error {
	for said := map[string]string{}; ctx.Err() == nil; _ = pause.For(ctx, standbyTestEvery) {
		if fs := doctor.Examine(p.seen(ctx)); ctx.Err() == nil {
			said = p.say(fs, said)
		}
	}
	return nil
}

// seen is what a worker can ask without an operator's rights.
func (p *running) seen(ctx context.Context) doctor.Seen {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	s := inspection.Unseen(p.config)
	s.Database = &doctor.Database{} // it could not have started on another schema
	if err := inspection.Database(ctx, p.store, &s); err != nil {
		s.Database, s.Unasked["postgres"] = nil, err.Error()
	} else {
		ahead := time.Since(s.Now)
		s.Worker = &ahead
	}
	if settings, err := p.log.Settings(ctx); err != nil {
		s.Unasked["nats"] = err.Error()
	} else {
		found := doctor.Stream(settings)
		s.Stream = &found
		s.Rights = p.ownRights(ctx)
	}
	s.Unwritten = p.unwrittenWhy()
	inspection.Sync(ctx, p.config, &s)
	realms := map[string]doctor.Realm{}
	for realm, n := range p.known.Owners() {
		realms[realm] = doctor.Realm{OwnersInAll: n.All, NeverLooked: n.NeverLooked}
	}
	if err := (&inspection.Keycloak{Admin: p.admin, Store: p.store, AdminRealm: p.config.AdminRealm}).Realms(ctx, realms, &s); err != nil {
		s.Unasked["keycloak"] = err.Error()
	}
	return s
}

// ownRights are asked for until they are as they must be: NATS logs each forbidden trial.
func (p *running) ownRights(ctx context.Context) *doctor.Rights {
	if p.rights == nil || len(p.rights.Lacking)+len(p.rights.Beyond) > 0 {
		r, err := inspection.NATSRights(ctx, p.config, inspection.WorkerMay)
		if err != nil {
			p.logger.Warn().Err(err).Msg("what this worker may publish was not tried; it is with the next self-test")
		}
		p.rights = r
	}
	return p.rights
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
