package strictjson

import (
	"errors"
	"testing"
)

type stored struct {
	At     int
	Closed bool
	Who    struct{ Name string }
	Also   string `json:",omitempty"`
}

// Ensure only the exact form is read.
func TestStored(t *testing.T) {
	for raw, ok := range map[string]bool{
		`{"At":1,"Closed":true,"Who":{"Name":"a"}}`:               true,
		`{"Who": {"Name": "a:\"b\\"}, "Closed": false, "At": 0}`:  true,
		`{"At":1,"Closed":true,"Who":{"Name":"a"},"Also":"x"}`:    true,
		`{"At":1,"Who":{"Name":"a"}}`:                             false,
		`{"At":1,"Closed":true,"Who":{}}`:                         false,
		`{"At":1,"Shut":true,"Who":{"Name":"a"}}`:                 false,
		`{"At":1,"Closed":true,"Who":{"Name":"a"},"New":{"a":1}}`: false,
		`{"At":"1","Closed":true,"Who":{"Name":"a"}}`:             false,
		`null`: false, ``: false, `{}`: false,
	} {
		if _, err := Stored[stored]([]byte(raw)); (err == nil) != ok || err != nil && !errors.Is(err, ErrForm) {
			t.Errorf("%s: %v", raw, err)
		}
	}
}
