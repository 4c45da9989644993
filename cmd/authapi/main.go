// Command authapi answers whether an API key may pass and whether an offline token still
// works, and gives access tokens without asking Keycloak about dead ones.
package main

import (
	"os"

	"github.com/urfave/cli/v3"

	"github.com/tokenstate/tokenstate/db/schema"
	"github.com/tokenstate/tokenstate/internal/ops"
)

func main() { os.Exit(ops.Main(program(), schema.Version)) }

func program() *cli.Command {
	return &cli.Command{
		Name:  "authapi",
		Usage: "decide about API keys and stored offline tokens",
		Commands: []*cli.Command{
			serveCommand(), consoleCommand(), keysCommand(), secretsCommand(), serviceKeysCommand(), auditCommand(), importCommand(),
			shadowCommand(),
			ops.Healthcheck("authapi", "AUTHAPI_", "127.0.0.1:9091"),
		},
	}
}
