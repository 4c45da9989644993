package keycloak_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"testing"
)

// Ensure Clients reads every page, for any number of clients around the page size.
func TestClients_Paging(t *testing.T) {
	t.Parallel()
	for _, total := range []int{1, 199, 200, 201, 400, 403} {
		f := newFake(t, func(w http.ResponseWriter, r *http.Request) {
			first, _ := strconv.Atoi(r.FormValue("first"))
			limit, _ := strconv.Atoi(r.FormValue("max"))
			page := []map[string]any{}
			for i := first; i < min(total, first+limit); i++ {
				page = append(page, map[string]any{"id": fmt.Sprint("u", i), "clientId": fmt.Sprint("c", i), "enabled": i%2 == 0, "notBefore": i})
			}
			body, _ := json.Marshal(page)
			answer(w, 200, string(body))
		})
		all, err := f.admin(t).Clients(context.Background(), "r")
		if err != nil || len(all) != total {
			t.Fatalf("%d of %d clients, %v", len(all), total, err)
		}
		for i, c := range all {
			if c.UUID != fmt.Sprint("u", i) || c.Enabled != (i%2 == 0) || c.NotBefore != int64(i) {
				t.Fatalf("client %d: %+v", i, c)
			}
		}
	}
}
