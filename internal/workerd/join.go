package workerd

import (
	"github.com/tokenstate/tokenstate/internal/asking"
	"github.com/tokenstate/tokenstate/internal/backfill"
	"github.com/tokenstate/tokenstate/internal/keycloak"
	"github.com/tokenstate/tokenstate/internal/worker"
)

// join makes the parts that ask Keycloak. Pages are asked for over another connection: they are slow, and must not keep
// a look at one user from being tried.
func (p *running) join() (err error) {
	c := p.config
	if p.admin, err = c.Admin(); err != nil {
		return err
	}
	pages, err := c.Pages()
	if err != nil {
		return err
	}
	aliases, err := c.Aliases()
	if err != nil {
		return err
	}
	p.resource = p.admin.Resource()
	p.stores = &asking.Stores{Pause: c.StorePause, Changed: p.known.ChangedBeneath, Since: p.known.StoreUsersSince}
	p.looker = p.looks(pages)
	p.backfill = &backfill.Backfill{
		Archive: archive{p.admin, aliases}, Journal: archived{p.store}, Log: p.log, AdminRealm: c.AdminRealm,
		Interval: c.BackfillInterval, Overlap: c.BackfillOverlap, Grace: c.BackfillGrace, Logger: p.logger,
		Soon: make(chan struct{}, 1), Lost: p.healStore,
	}
	return nil
}

func (p *running) looks(pages *keycloak.Admin) *worker.Looker {
	return &worker.Looker{
		Known: p.known, Ask: asking.Asker{
			Admin: p.admin, Inside: &asking.Inside{Resource: p.resource}, WasThere: briefly(p.known.RealmWasThere),
			Sighted: p.known.Sighted, Stores: p.stores, StoreOf: p.known.LivesIn,
		},
		Pages: &worker.Pages{
			Known: p.known, Ask: asking.Pager{Admin: pages, Stores: p.stores}, Keys: asking.Inside{Resource: pages.Resource()},
			Log: p.log, Logger: p.logger,
		},
		Log: p.log, Bind: p.store, Interval: p.config.LookInterval, Rate: p.config.LookRate, Owners: p.config.OwnerSweep,
		Now: p.store.Now, Logger: p.logger,
	}
}
