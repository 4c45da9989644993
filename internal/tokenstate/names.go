package tokenstate

// names are the texts that stand in very many sheets, each kept once: nodes, clients, the words of our own that stand as
// keys, reasons. In a folded sheet a number stands for each.
type names struct {
	texts  []string
	number map[string]int

	ink []byte // of whoever writes
}

// maxNames bounds them: what comes from outside could be a new name each time. Beyond it a sheet has the text itself.
const maxNames = 1 << 16

func newNames() *names {
	n := &names{number: map[string]int{}}
	for _, word := range [...]string{
		string(Backend), string(bySessions), string(byClients), string(byListing), string(byRoles), string(byConsent),
		string(byIssuer), string(byRotation), string(fromStore), string(vanished), closedAdminLook,
		ReasonUserDeleted, ReasonRealmDeleted, ReasonGrantRevoked, ReasonOrder,
	} {
		n.add(word)
	}
	return n
}

// add is a text's number, which is a new one if it has none yet; false: there is none left.
func (n *names) add(text string) (number int, ok bool) {
	number, ok = n.number[text]
	if !ok && len(n.texts) < maxNames {
		number, ok = len(n.texts), true
		n.number[text] = number
		n.texts = append(n.texts, text)
	}
	return number, ok
}
