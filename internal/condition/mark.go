package condition

// Level says how good something is. A page shows it by a word and a sign; colour only repeats it.
type Level string

// The levels, from good to bad. None is for what is neither.
const (
	None Level = "none"
	Good Level = "good"
	Warn Level = "warn"
	Bad  Level = "bad"
)

var order = map[Level]int{None: 0, Good: 1, Warn: 2, Bad: 3}

func worse(a, b Level) Level {
	if order[b] > order[a] {
		return b
	}
	return a
}

// Mark is a word with its level.
type Mark struct {
	Level Level
	Word  string
}

// Sign stands beside the word, for who sees no colours.
func (m Mark) Sign() string {
	switch m.Level {
	case Good:
		return "✓"
	case Warn:
		return "!"
	case Bad:
		return "✕"
	case None:
	}
	return "·"
}
