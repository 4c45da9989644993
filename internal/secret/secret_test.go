package secret_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/rs/zerolog"

	"github.com/tokenstate/tokenstate/internal/secret"
)

const canary = "canary-7f3a"

// Ensure no ordinary way of printing shows the value, however deep it sits.
func TestText_NeverShown(t *testing.T) {
	t.Parallel()
	type hidden struct{ inner secret.Text } // an unexported field: fmt cannot call our methods here
	text := secret.New(canary)
	h := hidden{inner: text}
	var out bytes.Buffer
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%T", "%p", "%w"} {
		for _, v := range []any{text, &text, h, &h, []secret.Text{text}, map[string]secret.Text{"k": text}} {
			fmt.Fprintf(&out, verb+"\n", v)
		}
	}
	for _, v := range []any{text, h, struct{ T secret.Text }{text}, map[string]any{"t": text}} {
		b, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		out.Write(b)
	}
	log := zerolog.New(&out)
	log.Info().Interface("t", text).Stringer("s", text).Any("h", h).Err(fmt.Errorf("x %v", text)).Send()
	slog.New(slog.NewJSONHandler(&out, nil)).Info("x", "t", text, "e", errors.New(text.String()))
	slog.New(slog.NewTextHandler(&out, nil)).Info("x", "t", text)

	for _, form := range []string{canary, fmt.Sprintf("%x", canary), fmt.Sprintf("%X", canary)} {
		if strings.Contains(out.String(), form) {
			t.Fatalf("the value was shown as %q in:\n%s", form, out.String())
		}
	}
	if text.Reveal() != canary {
		t.Fatal("Reveal must give the value")
	}
}

func TestText_ZeroAndEqual(t *testing.T) {
	t.Parallel()
	var zero secret.Text
	if !zero.Empty() || zero.Reveal() != "" || !zero.Equal(secret.New("")) {
		t.Fatal("the zero Text is the empty text")
	}
	if !secret.New("a").Equal(secret.New("a")) || secret.New("a").Equal(secret.New("b")) || secret.New("a").Empty() {
		t.Fatal("Equal compares values")
	}
}
