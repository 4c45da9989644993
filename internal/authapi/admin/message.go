package admin

import "github.com/tokenstate/tokenstate/internal/tokenstate"

// tell is what to show a user of a realm for a reason, and whether logging in again helps. The first
// and the last are the words that OpenHands uses, without the mention.
func (s *Service) tell(realm, reason string) (message string, login bool) {
	switch reason {
	case ReasonNoToken:
		return "please re-login into " + s.app(realm) + " before starting a job.", true
	case tokenstate.ReasonUserDisabled:
		return "your account is disabled. Please ask an administrator to enable it, and try again.", false
	case tokenstate.ReasonUserDeleted:
		return "your account does not exist any more. Please ask an administrator.", false
	case tokenstate.ReasonRealmDisabled, tokenstate.ReasonRealmDeleted:
		return "logins are switched off at present. Please try again later.", false
	case tokenstate.ReasonOfflineAccess:
		return "your account may not work while you are away any more. Please ask an administrator.", false
	case tokenstate.ReasonClientDisabled, tokenstate.ReasonClientDeleted, tokenstate.ReasonClientOffline:
		return s.name() + " may not work in your name at present. Please ask an administrator.", false
	default:
		return "your session has expired. Please login again at " + s.app(realm) + " and try again.", true
	}
}

// app is the application as a link, if there is one.
func (s *Service) app(realm string) string {
	login := s.Gate.Realms[realm].LoginURL
	if login == "" {
		return s.name()
	}
	return "[" + s.name() + "](" + login + ")"
}

func (s *Service) name() string {
	if s.AppName == "" {
		return "the application"
	}
	return s.AppName
}
