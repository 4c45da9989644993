package console

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"net/http"
	"path"
	"strings"
)

//go:embed assets
var assetFiles embed.FS

var assetTypes = map[string]string{".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8", ".svg": "image/svg+xml"}

// serveAsset gives a file that pages load. It changes with the program only, so that a browser may
// keep it as long as its tag is the same.
func serveAsset(w http.ResponseWriter, r *http.Request) {
	kind, known := assetTypes[path.Ext(r.URL.Path)]
	body, err := assetFiles.ReadFile("assets/" + path.Clean(r.URL.Path))
	if err != nil || !known || strings.Contains(r.URL.Path, "..") {
		http.Error(w, "There is no such file.", http.StatusNotFound)
		return
	}
	sum := sha256.Sum256(body)
	tag := `"` + hex.EncodeToString(sum[:8]) + `"`
	w.Header().Set("Cache-Control", "no-cache")
	w.Header().Set("ETag", tag)
	if r.Header.Get("If-None-Match") == tag {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	w.Header().Set("Content-Type", kind)
	_, _ = w.Write(body) //nolint:gosec // one of our own files, under its own type
}
