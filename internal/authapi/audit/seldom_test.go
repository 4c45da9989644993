package audit

import (
	"testing"
	"time"
)

func TestSeldom(t *testing.T) {
	var s seldom
	at := time.Unix(1_700_000_000, 0)
	for i, c := range []struct {
		after time.Duration
		times int
		say   bool
	}{{0, 1, true}, {time.Second, 0, false}, {sayEvery - 1, 0, false}, {sayEvery, 3, true}, {sayEvery + 1, 0, false}, {2 * sayEvery, 2, true}} {
		if times, say := s.again(at.Add(c.after)); times != c.times || say != c.say {
			t.Errorf("%d: %d %t", i, times, say)
		}
	}
	if !s.over() || s.over() {
		t.Error("it is over once")
	}
	if times, say := s.again(at.Add(2*sayEvery + 1)); times != 1 || !say {
		t.Errorf("after the end: %d %t", times, say)
	}
}
