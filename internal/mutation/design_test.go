//go:build mutations

package mutation

import (
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// designRule is a rule of docs/design.md section 3, by the words that it begins with, and what notices that it is missing:
// mutants, or tests where no line of code alone is the rule.
type designRule struct {
	rule           string
	mutants, tests []string
}

var designRules = []designRule{
	{"**Only events of the death class name a session as ended**", []string{
		"births name no session as ended", "only the death class names a session", "REVOKE_GRANT ends one client of a session", "births are looked at later",
	}, nil},
	{"**A session that such an event names in second N", []string{
		"gone reaches iat = N", "gone does not reach later tokens", "gone is lifted by a later listing", "a named session that the look lists is not gone", "gone reaches the second of Keycloak's clock",
	}, nil},
	{"**Other absence counts late.**", []string{
		"the settling margin", "plain absence kills", "an incomplete roster proves no absence", "a cut-short roster is no coverage", "what was too young is looked at again",
	}, nil},
	{"**A listed session that started later**", []string{
		"a session that started later", "started later: one second is forgiven", "the greatest start counts",
		"a node's later listing with another start counts", "a start that two nodes dispute is in doubt",
	}, nil},
	{"**A token's own `exp`**", []string{"a token dies by its own exp", "an exp counts by the skew late", "nobody is asked about an expired token"}, nil},
	{"**A token's own `iss`**", []string{
		"a token of another issuer is in doubt", "an issuer that a frontendUrl was is in doubt without it", "a client's update doubts consents", "a client's scopes doubt consents",
		"a client scope doubts everybody's consents", "a user who takes back a scope doubts their consents", "what was issued before no consent was required is in doubt",
		"what was issued since is granted", "what was refreshed since is granted", "only a client that requires consent leaves anybody in doubt",
	}, nil},
	{"**An older generation**", []string{
		"an older generation is superseded", "the newest generation is not", "where a token is good again, an older one is usable",
	}, nil},
	{"**The owner of a token is the owner of its session**", []string{
		"the owner of a token is its session's", "no such user, and nobody has seen the session: in doubt", "the backend's word counts by its own name for the user",
		"such a token is looked at",
	}, nil},
	{"**One comparison for every not-before**", []string{
		"not-before spares its own second", "the user's not-before", "the client's not-before", "the realm's not-before",
	}, nil},
	{"REFRESH_TOKEN_ERROR only raises a doubt", []string{"REFRESH_TOKEN_ERROR doubts", "only the death class names a session"}, nil},
	{"A refusal that authapi or a backend saw", []string{
		"a refusal closes exactly its token", "a success lifts a refusal", "a refusal is an order's latest outcome", "a refusal doubts its user",
	}, nil},
	{"A doubt is dated by when what happened was in Keycloak's database", []string{
		"a doubt is dated by when it was told", "of a node's events the last committed is remembered", "a commit far ahead counts from when it was told",
		"an event told late stands by itself", "a doubt is settled only by what is surely later", "a look settles the events that it lists", "and no other event",
		"clocks may differ by a second", "an event says by when it was committed", "a birth is committed after its delay", "a look is later than the millisecond of its cause",
		"of folded births the last committed stands for the rest",
	}, nil},
	{"A doubt about a user's sessions", []string{"a logout is a doubt about sessions", "a look at sessions settles nothing about their user", "a doubt about sessions reaches tokens"}, nil},
	{"A token that a look missed while it was too young", []string{
		"a token that a look missed too early is in doubt", "a listing speaks against an early look only if surely later",
	}, nil},
	{"Nodes do not share a clock.", []string{
		"open overrules closed only when surely later", "a listing of another node must be later by the skew", "two nodes that disagree are looked at again",
		"a session that two nodes disagree about, too", "looks over the admin API are nobody's", "an event's cutoff spares the skew",
	}, nil},
	{"**What may be stale cannot overrule.**", []string{"what may be stale cannot overrule"}, nil},
	{"Looks of a node are in the order in which it took them", []string{
		"looks of a node are in the order in which it took them", "looks from ahead are looked at again", "late looks are looked at again", "a look far ahead is only a doubt",
		"what is final counts no later than the log",
	}, nil},
	{"Ties are total orders", []string{"ties are total", "ties: the cause", "numbers are compared as numbers", "the later fact wins"}, nil},
	{"Keys die of cutoffs that reach keys", []string{
		"not-before does not reach keys", "a deleted user's keys", "a deleted realm's keys", "a cutoff of keys spares tokens", "an id that is used again does not revive keys",
		"a vanished user", "a walk over owners that broke off concludes nothing", "who has lost the role is looked at",
	}, nil},
	{"**A look changes nothing.**", nil, []string{"nothingIsCommitted", "TestHarm"}},
	{"**There is one meaning of alive.**", nil, []string{"TestAllLooksSayTheSame"}},
	{"**Being unable to ask is not an answer.**", []string{
		"the end of a realm is asked for twice", "of a session that may be over nothing is said", "a look is at whom it was asked for", "a store's user may come back", "a look that failed tells nothing",
	}, nil},
	{"**Keycloak's own code judges where that is harmless**", nil, []string{"TestAllLooksSayTheSame"}},
	{"Final facts come only from committed sources", []string{"final facts only from committed sources", "final facts only from clocks near the log's", "what is rolled back is not told"}, nil},
	{"**The deletion of a user is final although it is only told**", []string{"a deleted user's keys"}, []string{"TestDeletionIsFinal", "TestWhatAForgedListenerCanDo"}},
	{"Publishing is granted by subject", nil, []string{"TestArrivedHoldsSubjectAgainstMessage"}},
	{"**Who may announce a change cannot say what it is**", nil, []string{"TestAnUnreadableRowIsLoadedFromTheTables"}},
	{"**Every wait has a bound", nil, []string{"TestAFrozenWorkerIsReplaced", "TestAFrozenWriterStopsNobody", "TestASilentServerEndsTheWait", "TestALeaseIsLostBehindASilentProxy"}},
	{"**An order acts on what was before it**", nil, []string{"TestOrdersAreChecked", "TestOrdersSayWhatTheyReached"}},
}

// Ensure each rule of the design is one that something here takes out, or has a test, and that these are there.
func TestEachRuleOfTheDesignIsNoticed(t *testing.T) {
	raw, err := os.ReadFile("../../docs/design.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(raw), "## 3. Rules\n")
	section, _, _ := strings.Cut(rest, "\n## ")
	rules := 0
	for line := range strings.Lines(section) {
		if !strings.HasPrefix(line, "* ") {
			continue
		}
		rules++
		if !known(line) {
			t.Errorf("no mutant and no test is named for %q", strings.TrimSpace(line))
		}
	}
	if rules == 0 {
		t.Error("docs/design.md has no rules in section 3")
	}
	for _, d := range designRules {
		if !strings.Contains(section, d.rule) {
			t.Errorf("docs/design.md does not say %q any more", d.rule)
		}
		for _, m := range d.mutants {
			if !isMutant(m) {
				t.Errorf("%s: there is no mutant %q", d.rule, m)
			}
		}
		for _, name := range d.tests {
			if !isTest(t, name) {
				t.Errorf("%s: there is no test %s", d.rule, name)
			}
		}
	}
}

func known(line string) bool {
	for _, d := range designRules {
		if strings.HasPrefix(line, "* "+d.rule) {
			return true
		}
	}
	return false
}

// designOf is the first rule of the design that a mutant takes something from, "" if none says it.
func designOf(mutant string) string {
	for _, d := range designRules {
		if slices.Contains(d.mutants, mutant) {
			return strings.Trim(d.rule, "*. ")
		}
	}
	return ""
}

func isMutant(rule string) bool {
	for _, m := range mutants {
		if m.rule == rule {
			return true
		}
	}
	for _, m := range listenerMutants {
		if m.rule == rule {
			return true
		}
	}
	return false
}

// isTest reports whether some test of Go or Java has this name.
func isTest(t *testing.T, name string) bool {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "git", "grep", "-qE", `(func|void) `+name+`\(`, "--", "*_test.go", "*Test.java") //nolint:gosec // our own tests
	cmd.Dir = "../.."
	return cmd.Run() == nil
}
