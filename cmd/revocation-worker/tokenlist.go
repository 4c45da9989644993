package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/urfave/cli/v3"

	"github.com/tokenstate/tokenstate/internal/ops"
	"github.com/tokenstate/tokenstate/internal/tokenstate"
)

func tokensCommand() *cli.Command {
	return &cli.Command{
		Name: "tokens", Usage: "the offline tokens that are sealed or tracked",
		Commands: []*cli.Command{operatorCommand("list", "", "list tokens and their verdicts; none is shown itself", []cli.Flag{
			&cli.StringFlag{Name: "state", Usage: "usable, suspended or revoked only"},
			&cli.StringFlag{Name: "user", Usage: "of this user only, by Keycloak's id"},
			&cli.BoolFlag{Name: "needs-login", Usage: "only those that are dead for good while their user has no other one of the client: a login helps"},
			ops.LimitFlag(1000),
		}, listTokens)},
	}
}

// tokenLine is a token as operators see it.
type tokenLine struct {
	Realm   string     `json:"realm"`
	User    string     `json:"user_id"`
	Client  string     `json:"client_id"`
	Session string     `json:"session_id"`
	State   string     `json:"state"`
	Reason  *string    `json:"reason"`
	Since   *time.Time `json:"since"`
	EventID *string    `json:"event_id"`
	InDoubt bool       `json:"in_doubt"`
}

func listTokens(ctx context.Context, cmd *cli.Command, o *operator) error {
	switch cmd.String("state") {
	case "", tokenstate.Usable.String(), tokenstate.Suspended.String(), tokenstate.Revoked.String():
	default:
		return fmt.Errorf("%w: --state is usable, suspended or revoked", ops.ErrUsage)
	}
	most, err := ops.Limit(cmd)
	if err != nil {
		return err
	}
	s, err := o.about(ctx, tokenstate.Scope{Realm: o.realm, User: cmd.String("user")})
	if err != nil {
		return err
	}
	verdicts := make([]tokenstate.Verdict, len(s.Tokens))
	alive := map[[3]string]bool{}
	for i, t := range s.Tokens {
		verdicts[i] = tokenstate.Judge(t, s.Facts, s.Rules)
		if verdicts[i].State != tokenstate.Revoked {
			alive[seatOf(t)] = true
		}
	}
	lines := []tokenLine{}
	for i, t := range s.Tokens {
		v := verdicts[i]
		switch {
		case len(lines) == most:
		case o.realm != "" && t.Realm != o.realm, cmd.IsSet("user") && t.User != cmd.String("user"):
		case cmd.IsSet("state") && v.State.String() != cmd.String("state"):
		case cmd.Bool("needs-login") && (v.State != tokenstate.Revoked || alive[seatOf(t)] || v.Reason == tokenstate.ReasonUserDeleted ||
			v.Reason == tokenstate.ReasonRealmDeleted):
		default:
			lines = append(lines, tokenLine{
				t.Realm, t.User, t.ClientID, t.Session, v.State.String(), orNull(v.Reason), v.Since.Instant(),
				orNull(v.Cause), v.InDoubt,
			})
		}
	}
	return ops.Output(cmd, lines, func(w io.Writer) {
		ops.Row(w, "USER", "CLIENT", "SESSION", "STATE", "REASON", "SINCE")
		for _, l := range lines {
			ops.Row(w, l.User, l.Client, l.Session, l.State, orDash(l.Reason), l.since())
		}
	})
}

func (l tokenLine) since() string {
	if l.Since == nil {
		return "-"
	}
	return l.Since.Format("2006-01-02 15:04:05Z")
}

// seatOf is whose token it is, for which client.
func seatOf(t tokenstate.Token) [3]string { return [3]string{t.Realm, t.User, t.ClientID} }

func orNull(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

func orDash(s *string) string {
	if s == nil {
		return "-"
	}
	return *s
}
