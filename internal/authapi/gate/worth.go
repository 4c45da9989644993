package gate

import "github.com/tokenstate/tokenstate/internal/tokenstate"

// WorthTrying reports whether a refresh may succeed: a refusal closes a token only until its next attempt.
func (g *Gate) WorthTrying(v tokenstate.Verdict) bool {
	switch {
	case v.State == tokenstate.Usable || v.State == tokenstate.Unknown:
		return true
	case v.Reason == tokenstate.ReasonRefused:
		return v.RetryAt != 0 && g.DatabaseTime().UnixMilli() >= int64(v.RetryAt)
	default:
		return false
	}
}
