package stream

import (
	"slices"
	"testing"

	"github.com/tokenstate/tokenstate/internal/events"
	"github.com/tokenstate/tokenstate/internal/logstream"
)

// Ensure the stream that is made is the one that is read: by name, by subjects, and with room for
// the largest message.
func TestConfigIsTheLogs(t *testing.T) {
	c := logstream.Config()
	if c.Name != Name || !slices.Equal(c.Subjects, []string{events.SubjectPrefix + ">"}) || int(c.MaxMsgSize) != events.MaxMessage {
		t.Errorf("%+v", c)
	}
}
