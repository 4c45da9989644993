package console

import (
	"encoding/json"
	"net/http"

	"github.com/tokenstate/tokenstate/internal/console/page"
)

type plotsView struct {
	Plots   []page.Plot
	Scraped bool // whether programs' metrics are read at all
}

// plots shows a day, as pictures with script and as numbers in any case.
func (s *Server) plots(*http.Request, Visitor) (answer, error) {
	return answer{page: "plots", title: "Plots", data: plotsView{page.PlotsOf(s.Samples()), s.Scraped}}, nil
}

// plotsJSON is what the pictures are drawn from.
func (s *Server) plotsJSON(*http.Request, Visitor) (answer, error) {
	type picture struct {
		Name   string       `json:"name"`
		Unit   string       `json:"unit"`
		Series []string     `json:"series"`
		Times  []int64      `json:"times"`
		Values [][]*float64 `json:"values"`
	}
	out := []picture{}
	for _, p := range page.PlotsOf(s.Samples()) {
		out = append(out, picture{p.Name, p.Unit, p.Series, p.Times, p.Values})
	}
	raw, err := json.Marshal(out)
	return answer{json: raw}, err
}
