package tokenstate_test

var scenes = map[string]struct {
	row     string
	answers []expected
}{}
