package authapi

import (
	"time"

	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

// VerdictBody is a verdict as callers see it. It is exported because huma reads no unexported part.
type VerdictBody struct {
	State     string     `json:"state" enum:"usable,suspended,revoked,unknown"`
	Reason    *string    `json:"reason" doc:"why it is not usable"`
	Since     *time.Time `json:"since" doc:"time of the deciding event or look, in Keycloak's clock"`
	EventID   *string    `json:"event_id" doc:"the deciding event or message"`
	CheckedAt *time.Time `json:"checked_at" doc:"the latest look at Keycloak that covered the token"`
	InDoubt   bool       `json:"in_doubt" doc:"something happened that no look has settled yet"`
	RetryAt   *time.Time `json:"retry_at,omitempty" doc:"Keycloak refused it: the next attempt"`
}

type verdictBody = VerdictBody

func bodyOf(v tokenstate.Verdict) verdictBody {
	return verdictBody{
		State: v.State.String(), Reason: text(v.Reason), Since: instant(v.Since), EventID: text(v.Cause),
		CheckedAt: instant(v.CheckedAt), InDoubt: v.InDoubt, RetryAt: instant(v.RetryAt),
	}
}

func instant(m tokenstate.Millis) *time.Time {
	if m == 0 {
		return nil
	}
	t := m.Time()
	return &t
}

func text(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}
