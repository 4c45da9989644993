// Command revocation-worker learns from the log what became of offline tokens and users, and
// keeps it in Postgres.
package main

import (
	"os"

	"github.com/urfave/cli/v3"

	"github.com/tokenstate/tokenstate/db/schema"
	"github.com/tokenstate/tokenstate/internal/ops"
	"github.com/tokenstate/tokenstate/internal/workerconfig"
)

func main() { os.Exit(ops.Main(program(), schema.Version)) }

func program() *cli.Command {
	return &cli.Command{
		Name:  "revocation-worker",
		Usage: "learn from Keycloak's events which offline tokens are dead",
		Commands: []*cli.Command{
			runCommand(), migrateCommand(), replayCommand(), verifyCommand(), revokeCommand(), pardonCommand(), eraseCommand(),
			ordersCommand(), tokensCommand(),
			explainCommand(), parkedCommand(), noticesCommand(), journalCommand(), doctorCommand(), setupCommand(),
			reconcileCommand(), canaryCommand(),
			ops.Healthcheck("revocation-worker", "WORKER_", workerconfig.DefaultAdminAddr),
		},
	}
}
