package schema_test

import (
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"testing"

	"github.com/tokenstate/tokenstate/db/schema"
)

// Ensure the version that programs ask for is that of the last migration.
func TestVersionIsTheLastMigrations(t *testing.T) {
	files, err := fs.Glob(schema.FS, "migrations/*.sql")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	if last := slices.Max(files); !strings.HasPrefix(last, fmt.Sprintf("migrations/%05d_", schema.Version)) {
		t.Errorf("version %d, and the last migration is %s", schema.Version, last)
	}
	numbers := map[string]string{}
	for _, file := range files {
		number, _, _ := strings.Cut(strings.TrimPrefix(file, "migrations/"), "_")
		if other := numbers[number]; other != "" {
			t.Errorf("%s and %s bear the same number", other, file)
		}
		numbers[number] = file
	}
}
