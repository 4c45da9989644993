package tokenstate

// looked is when something was last looked at: by nodes themselves, and over the admin API.
type looked struct{ byNodes, byAdmin Millis }

// someNode stands for any node: which one looked is of no account for what is surely later.
const someNode = "node"

// and also knows of a look by node.
func (l looked) and(node string, at Millis) looked {
	if nobody(node) {
		return looked{byNodes: l.byNodes, byAdmin: max(l.byAdmin, at)}
	}
	return looked{byNodes: max(l.byNodes, at), byAdmin: l.byAdmin}
}

func (l looked) latest() Millis { return max(l.byNodes, l.byAdmin) }
