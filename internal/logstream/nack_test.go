package logstream

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"go.yaml.in/yaml/v3"
)

// Ensure the Stream resource of docs/kubernetes.md is the stream that setup makes, with three replicas.
func TestTheDocumentedResourceIsTheStream(t *testing.T) {
	text, err := os.ReadFile("../../docs/kubernetes.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(text), "kind: Stream\n")
	block, _, found := strings.Cut(rest, "```")
	var resource struct {
		Spec struct {
			Name                                     string
			Subjects                                 []string
			Storage, Retention, Discard, Compression string
			Replicas                                 int
			MaxMsgsPerSubject                        int64         `yaml:"maxMsgsPerSubject"`
			MaxMsgSize                               int32         `yaml:"maxMsgSize"`
			DuplicateWindow                          time.Duration `yaml:"duplicateWindow"`
			DenyDelete                               bool          `yaml:"denyDelete"`
			DenyPurge                                bool          `yaml:"denyPurge"`
			AllowDirect                              bool          `yaml:"allowDirect"`
			PreventDelete                            bool          `yaml:"preventDelete"`
		}
	}
	if err := yaml.Unmarshal([]byte(block), &resource); !found || err != nil {
		t.Fatal(found, err)
	}
	r, want := resource.Spec, Config()
	same := r.Storage == "file" && want.Storage == jetstream.FileStorage && r.Retention == "limits" && want.Retention == jetstream.LimitsPolicy &&
		r.Discard == "new" && want.Discard == jetstream.DiscardNew && r.Compression == "none" && want.Compression == jetstream.NoCompression
	if !same || r.Name != want.Name || r.Subjects[0] != want.Subjects[0] || len(r.Subjects) != 1 || r.Replicas != 3 ||
		r.MaxMsgsPerSubject != want.MaxMsgsPerSubject || r.MaxMsgSize != want.MaxMsgSize || r.DuplicateWindow != want.Duplicates ||
		r.DenyDelete != want.DenyDelete || r.DenyPurge != want.DenyPurge || r.AllowDirect != want.AllowDirect || !r.PreventDelete {
		t.Errorf("the document has %+v, setup makes %+v", r, want)
	}
}
