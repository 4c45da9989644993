//go:build mutations

package mutation

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// javaTests compile and run the listener as Maven would, without Maven: its start was most of a mutant's time.
type javaTests struct{ module, classpath, console string }

// consoleVersion is of JUnit's command line; it goes with junit.version in the listener's pom.xml.
const (
	consoleVersion = "6.1.3"
	console        = "junit-platform-console-standalone"
)

// prepareJava has Maven compile everything once, and say what the tests need.
func prepareJava(t *testing.T, dir string) javaTests {
	t.Helper()
	j := javaTests{module: filepath.Join(dir, "keycloak-listener")}
	needs := filepath.Join(dir, "classpath")
	for _, args := range [][]string{
		{"-q", "-B", "test-compile", "dependency:build-classpath", "-Dmdep.outputFile=" + needs},
		{"-q", "-B", "dependency:copy", "-Dartifact=org.junit.platform:" + console + ":" + consoleVersion, "-DoutputDirectory=" + dir},
	} {
		if out, err := run(t, j.module, nil, "mvn", args...); err != nil {
			t.Fatalf("mvn %s: %v\n%.4000s", strings.Join(args, " "), err, out)
		}
	}
	raw, err := os.ReadFile(needs) //nolint:gosec // written above
	if err != nil {
		t.Fatal(err)
	}
	j.classpath = strings.TrimSpace(string(raw))
	j.console = filepath.Join(dir, console+"-"+consoleVersion+".jar")
	return j
}

// compile compiles the whole program: a constant of the mutated class stands in others, too.
func (j javaTests) compile(t *testing.T) (out string, err error) {
	t.Helper()
	var sources []string
	if err := filepath.WalkDir(filepath.Join(j.module, "src", "main", "java"), func(path string, _ os.DirEntry, err error) error {
		if strings.HasSuffix(path, ".java") {
			sources = append(sources, path)
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return run(t, j.module, nil, "javac", append([]string{"-nowarn", "-proc:none", "--release", "17", "-cp", j.classpath, "-d", filepath.Join("target", "classes")}, sources...)...)
}

// run runs test classes, given as for Maven: with commas between them.
func (j javaTests) run(t *testing.T, tests string) (out string, err error) {
	t.Helper()
	path := strings.Join([]string{filepath.Join("target", "test-classes"), filepath.Join("target", "classes"), j.classpath}, string(os.PathListSeparator))
	args := []string{"-XX:TieredStopAtLevel=1", "-jar", j.console, "execute", "-cp", path, "--details=none", "--disable-banner"}
	for class := range strings.SplitSeq(tests, ",") {
		args = append(args, "--select-class", "io.tokenstate.listener."+class)
	}
	return run(t, j.module, nil, "java", args...)
}
