package tokenstate

// looked is when something was last looked at: by nodes themselves, and over the admin API.
type looked struct{ byNodes, byAdmin Millis }

// someNode stands for any node: which one looked is of no account for what is surely later.
const someNode = "node"

func (l *looked) add(node string, at Millis) {
	if nobody(node) {
		l.byAdmin = max(l.byAdmin, at)
	} else {
		l.byNodes = max(l.byNodes, at)
	}
}

func (l looked) latest() Millis { return max(l.byNodes, l.byAdmin) }
