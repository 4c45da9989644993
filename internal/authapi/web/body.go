package web

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

// BodyOf is a verdict as callers see it.
func BodyOf(v tokenstate.Verdict) VerdictBody {
	return VerdictBody{
		State: v.State.String(), Reason: Text(v.Reason), Since: v.Since.Instant(), EventID: Text(v.Cause),
		CheckedAt: v.CheckedAt.Instant(), InDoubt: v.InDoubt, RetryAt: v.RetryAt.Instant(),
	}
}

// Text is null for none.
func Text(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}
