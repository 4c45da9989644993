// Package strictjson reads JSON that comes from outside. It refuses what encoding/json lets
// through and two readers may understand differently: a member twice, data after the end, bad
// UTF-8, deep nesting.
package strictjson

import (
	"encoding/json"
	"errors"
)

// Err never repeats what was sent.
var Err = errors.New("not one JSON value, each member once")

// Unmarshal is encoding/json's, for one strict value.
func Unmarshal(raw []byte, into any) error {
	if Check(raw, nil) != nil {
		return Err
	}
	return json.Unmarshal(raw, into)
}
