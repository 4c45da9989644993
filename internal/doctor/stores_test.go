package doctor

import "testing"

// Ensure what makes looks harmful is said, and only where it is so.
func TestHarmfulLooks(t *testing.T) {
	if fs := removing(Realm{Name: "demo", Removing: []string{"ldap"}}); len(fs) != 1 || fs[0].Level != Warning {
		t.Errorf("%+v", fs)
	}
	if fs := removing(Realm{Name: "demo"}); len(fs) != 0 {
		t.Errorf("%+v", fs)
	}
	offers, not := []Node{{Name: "kc-0", Resource: 1}}, []Node{{Name: "kc-0"}}
	for name, c := range map[string]struct {
		s    Seen
		want int
	}{
		"offered and refused": {Seen{Nodes: offers, Resource: "403"}, 1},
		"offered and used":    {Seen{Nodes: offers}, 0},
		"not offered":         {Seen{Nodes: not, Resource: "404"}, 0},
		"nobody can be asked": {Seen{Nodes: offers, Resource: "no connection", Unasked: map[string]string{"keycloak": "away"}}, 0},
	} {
		if fs := reader(c.s); len(fs) != c.want {
			t.Errorf("%s: %+v", name, fs)
		}
	}
}

// Ensure one user who is gone is no fault, for that happens, and two are.
func TestEmptied(t *testing.T) {
	if fs := emptied(Realm{Name: "demo", StoreGone: 1}); len(fs) != 0 {
		t.Errorf("%+v", fs)
	}
	if fs := emptied(Realm{Name: "demo", StoreGone: 2}); len(fs) != 1 || fs[0].Level != Fault {
		t.Errorf("%+v", fs)
	}
}
