package events

const (
	maxID       = 255
	maxURL      = 4096 // bytes of 1024 characters
	maxResource = 1000
	maxEpoch    = 253402300799 // 9999-12-31T23:59:59Z: a later second is nonsense or an overflow trap
)

func (h *Happened) check() *RejectError {
	switch {
	case !idPattern.MatchString(h.Event):
		return reject("data.event", "is missing or malformed")
	case h.Kind != "user" && h.Kind != "admin" && h.Kind != KindProvider:
		return reject("data.kind", "is none of user, admin and provider")
	case !typePattern.MatchString(h.Type):
		return reject("data.type", "is missing or malformed")
	case len(h.Path) > 1024 || len(h.Details) > 16 || h.Suppressed < 0 || h.CommittedBy < 0 || h.CommittedBy.Second() > maxEpoch:
		return reject("data", "is beyond its bounds")
	}
	for k, v := range h.Details {
		if len(k) > 64 || len(v) > 1024 {
			return reject("data.details", "is beyond its bounds")
		}
	}
	if a := h.Actor; a != nil {
		if r := checkIDs(a.User, a.Client, a.Realm); r != nil {
			return r
		}
	}
	return checkIDs(h.User, h.Session, h.Client, h.ClientID, h.Error, h.RealmName)
}

func (o *Observation) check() *RejectError {
	if len(o.Causes) > 256 || len(o.Clients) > 256 || len(o.Rosters) > 256 || len(o.Users) > 1000 {
		return reject("data", "is beyond its bounds")
	}
	if r := o.checkLooks(); r != nil {
		return r
	}
	for _, c := range o.Causes {
		if !idPattern.MatchString(c.Event) || c.At < 0 || c.At.Second() > maxEpoch || !nodePattern.MatchString(c.Node) {
			return reject("data.causes", "is malformed")
		}
		if r := checkIDs(c.Type, c.Session, c.Client); r != nil {
			return r
		}
	}
	for _, ro := range o.Rosters {
		if r := ro.check(); r != nil {
			return r
		}
	}
	return nil
}

func (o *Observation) checkLooks() *RejectError {
	if r := o.Realm; r != nil && (!inTime(r.NotBefore) || len(r.Name) > 4*maxID || len(r.FrontendURL) > maxURL) {
		return reject("data.realm", "is malformed")
	}
	for _, c := range o.Clients {
		if c.Client == "" || !inTime(c.NotBefore) {
			return reject("data.clients", "is malformed")
		}
		if r := checkIDs(c.Client, c.ClientID); r != nil {
			return r
		}
	}
	if u := o.User; u != nil && !validUser(u.User, u.Store, u.NotBefore) {
		return reject("data.user", "is malformed")
	}
	for _, u := range o.Users {
		if !validUser(u.User, u.Store, u.NotBefore) {
			return reject("data.users", "is malformed")
		}
	}
	return nil
}

func validUser(id, store string, notBefore Seconds) bool {
	return id != "" && len(id) <= maxID && len(store) <= maxID && inTime(notBefore)
}

func (ro Roster) check() *RejectError {
	if ro.User == "" && ro.Client == "" && ro.Session == "" {
		return reject("data.rosters", "covers nothing")
	}
	if len(ro.Sessions) > 1000 {
		return reject("data.rosters", "is beyond its bounds")
	}
	for _, s := range ro.Sessions {
		if s.Session == "" || s.Client == "" || !inTime(s.Start) || !inTime(s.Ends) || !inTime(s.Life) {
			return reject("data.rosters.sessions", "is malformed")
		}
		if r := checkIDs(s.Session, s.Client, s.ClientID, s.User); r != nil {
			return r
		}
	}
	return checkIDs(ro.User, ro.Client, ro.Session)
}

func (o *Order) check() *RejectError {
	if o.By == "" || !inTime(o.Before) || !inTime(o.CredentialsRevokedBefore) || !inTime(o.IssuedAt) || o.RetryAt < 0 {
		return reject("data", "is malformed")
	}
	if r := checkIDs(o.By, o.User, o.Client, o.ClientID, o.Session, o.Key, o.Error, o.ErrorDescription); r != nil {
		return r
	}
	switch o.Order {
	case OrderRevoke:
		if !o.Tokens && !o.Keys {
			return reject("data", "revokes neither tokens nor keys")
		}
	case OrderStanding, OrderErase:
		if o.User == "" {
			return reject("data.user", "is missing")
		}
	case OrderRefresh:
		if o.User == "" || o.Session == "" || o.IssuedAt == 0 {
			return reject("data", "does not name one token")
		}
	case OrderLook:
	case OrderKeyRevoked:
		if o.Key == "" {
			return reject("data.key", "is missing")
		}
	default:
		return reject("data.order", "is not known")
	}
	return nil
}

func (p *Pardon) check() *RejectError {
	if !idPattern.MatchString(p.Cause) || p.By == "" || p.Reason == "" {
		return reject("data", "lacks cause, by or reason")
	}
	return checkIDs(p.By)
}

func (h *Heartbeat) check() *RejectError {
	if h.Queued < 0 || h.Dropped < 0 || h.Oldest < 0 {
		return reject("data", "is malformed")
	}
	if !instancePattern.MatchString(h.Instance) {
		return reject("data.instance", "is not an id of a process")
	}
	if h.Resource < 0 || h.Resource > maxResource {
		return reject("data.resource", "is not an API version")
	}
	return nil
}

func (m *Mark) check() *RejectError {
	if m.Epoch == "" || len(m.Epoch) > 64 || m.FeedVersion < 0 {
		return reject("data", "is malformed")
	}
	return nil
}

func checkIDs(ids ...string) *RejectError {
	for _, id := range ids {
		if len(id) > maxID {
			return reject("data", "has an id longer than 255 bytes")
		}
	}
	return nil
}

func inTime(s Seconds) bool { return s >= 0 && s <= maxEpoch }
