package main

import (
	"context"
	"io"
	"time"

	"github.com/urfave/cli/v3"

	"github.com/tokenstate/tokenstate/internal/events"
	"github.com/tokenstate/tokenstate/internal/ops"
)

func ordersCommand() *cli.Command {
	return &cli.Command{
		Name: "orders", Usage: "what was ordered: revocations, the backend's standings, erasures, pardons",
		Commands: []*cli.Command{operatorCommand("list", "", "list orders, the newest first", []cli.Flag{
			&cli.StringFlag{Name: "user", Usage: "about this user only, by Keycloak's id"},
			ops.LimitFlag(100),
		}, listOrders)},
	}
}

// orderLine is an order or a pardon as operators see it.
type orderLine struct {
	At      time.Time `json:"at"`
	ID      string    `json:"id"`
	Realm   string    `json:"realm"`
	Order   string    `json:"order"` // revoke, standing, key_revoked, erase, pardon
	About   string    `json:"about"`
	By      string    `json:"by"`
	Reason  string    `json:"reason"`
	Pardons string    `json:"pardons,omitempty"` // of a pardon: the cause that it takes back
}

func listOrders(ctx context.Context, cmd *cli.Command, o *operator) error {
	most, err := ops.Limit(cmd)
	if err != nil {
		return err
	}
	lines := []orderLine{}
	err = o.store().EachOrder(ctx, o.realm, func(m events.Message) bool {
		if l, told := lineOf(m); told && (!cmd.IsSet("user") || l.aboutUser(m, cmd.String("user"))) {
			lines = append(lines, l)
		}
		return len(lines) < most
	})
	if err != nil {
		return err
	}
	return ops.Output(cmd, lines, func(w io.Writer) {
		ops.Row(w, "AT", "ORDER", "ABOUT", "BY", "REASON", "ID")
		for _, l := range lines {
			ops.Row(w, l.At.Format("2006-01-02 15:04:05Z"), l.Order, l.About, l.By, l.Reason, l.ID)
		}
	})
}

// lineOf leaves out what nobody decided: outcomes of refreshes, and looks that are asked for.
func lineOf(m events.Message) (l orderLine, told bool) {
	l = orderLine{At: m.At.Time(), ID: m.ID, Realm: m.Realm}
	switch b := m.Body.(type) {
	case *events.Order:
		l.Order, l.By, l.Reason, l.About = b.Order, b.By, b.Reason, about(b)
		return l, b.Order != events.OrderRefresh && b.Order != events.OrderLook
	case *events.Pardon:
		l.Order, l.By, l.Reason, l.About, l.Pardons = "pardon", b.By, b.Reason, "what "+b.Cause+" cut off", b.Cause
		return l, true
	}
	return l, false
}

func (l orderLine) aboutUser(m events.Message, user string) bool {
	o, ok := m.Body.(*events.Order)
	return ok && o.User == user
}

func about(o *events.Order) string {
	text := "everything in the realm"
	switch {
	case o.Key != "":
		text = "key " + o.Key + " of user " + o.User
	case o.User != "":
		text = "user " + o.User
	case o.Session != "":
		text = "session " + o.Session
	case o.Client != "":
		text = "client " + o.Client
	}
	switch {
	case o.Order == events.OrderStanding && o.Enabled:
		text += ", enabled"
	case o.Order == events.OrderStanding:
		text += ", disabled"
	case o.Order == events.OrderRevoke && o.Keys && o.Tokens:
		text += ", tokens and keys"
	case o.Order == events.OrderRevoke && o.Keys:
		text += ", keys"
	case o.Order == events.OrderRevoke:
		text += ", tokens"
	}
	return text
}
