package postgres

import (
	"github.com/tokenstate/tokenstate/internal/dbsqlc"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

// asRows turns table rows into facts; the tie is not read back, for the value determines it.
func asRows[T any](ts []T, one func(T) tokenstate.Row) []tokenstate.Row {
	rows := make([]tokenstate.Row, len(ts))
	for i, t := range ts {
		rows[i] = one(t)
	}
	return rows
}

// scope puts together what each table's key begins with.
func scope(realm, user, client, session, key string) tokenstate.Scope {
	return tokenstate.Scope{Realm: realm, User: user, Client: client, Session: session, Key: key}
}

func rowStanding(t dbsqlc.TokenstateFactStanding) tokenstate.Row {
	return tokenstate.StandingRow{
		Subject: tokenstate.Subject{
			Scope:     scope(t.Realm, t.UserID, t.Client, t.Session, t.Key),
			Authority: tokenstate.Authority(t.Authority),
		},
		Node: t.Node,
		Value: tokenstate.Standing{
			At: tokenstate.Millis(t.AtMs), Gone: t.Gone, Disabled: t.Disabled, NoOffline: t.NoOffline,
			NotBefore: tokenstate.Seconds(t.NotBeforeS), ClientID: t.ClientID, Cause: t.Cause,
		},
	}
}

func rowLook(t dbsqlc.TokenstateFactLook) tokenstate.Row {
	return tokenstate.LookRow{
		Scope: scope(t.Realm, t.UserID, t.Client, t.Session, t.Key),
		Node:  t.Node,
		Value: tokenstate.Look{At: tokenstate.Millis(t.AtMs), Cause: t.Cause},
	}
}

func rowSighting(t dbsqlc.TokenstateFactSighting) tokenstate.Row {
	return tokenstate.SightingRow{
		ID:   tokenstate.SightingKey{Seat: scope(t.Realm, t.UserID, t.Client, t.Session, t.Key), Gone: t.Gone},
		Node: t.Node,
		Value: tokenstate.Sighting{
			At: tokenstate.Millis(t.AtMs), Start: tokenstate.Seconds(t.StartS), Second: tokenstate.Seconds(t.SecondS),
			Cause: t.Cause, Owner: t.Owner,
		},
	}
}

func rowRefusal(t dbsqlc.TokenstateFactRefusal) tokenstate.Row {
	return tokenstate.RefusalRow{
		ID: tokenstate.RefusalKey{
			Scope:    scope(t.Realm, t.UserID, t.Client, t.Session, t.Key),
			IssuedAt: tokenstate.Seconds(t.IssuedAtS),
		},
		Value: tokenstate.Refusal{
			At: tokenstate.Millis(t.AtMs), Refused: t.Refused, RetryAt: tokenstate.Millis(t.RetryAtMs),
			Reason: t.Reason, Cause: t.Cause,
		},
	}
}

func rowCutoff(t dbsqlc.TokenstateFactCutoff) tokenstate.Row {
	return tokenstate.CutoffRow{
		Scope: scope(t.Realm, t.UserID, t.Client, t.Session, t.Key),
		Cause: t.Cause,
		Value: tokenstate.Cutoff{
			Before: tokenstate.Seconds(t.BeforeS), At: tokenstate.Millis(t.HappenedMs),
			Tokens: t.Tokens, Keys: t.Keys, Reason: t.Reason,
		},
	}
}

func rowPardon(t dbsqlc.TokenstateFactPardon) tokenstate.Row {
	return tokenstate.PardonRow{
		Cause: t.Cause,
		Value: tokenstate.Pardoned{At: tokenstate.Millis(t.AtMs), By: t.PardonedBy, Reason: t.Reason},
	}
}

func rowDoubt(t dbsqlc.TokenstateFactDoubt) tokenstate.Row {
	return tokenstate.DoubtRow{
		ID: tokenstate.DoubtKey{
			Doubt:   tokenstate.Doubt{Scope: scope(t.Realm, t.UserID, t.Client, t.Session, t.Key), Beneath: t.Beneath},
			Settled: t.Settled,
		},
		Node:  t.Node,
		Value: tokenstate.Raised{At: tokenstate.Millis(t.AtMs), Event: t.Event},
	}
}
