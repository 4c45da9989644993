package devstack

import "context"

// startConsole starts the pages for people, where somebody wants them. Nobody is asked who they are:
// the stack is on loopback, and so is everybody who reaches it.
func (s *Stack) startConsole(ctx context.Context) error {
	if !s.opts.Console {
		return nil
	}
	pages, url, err := freeAddr()
	if err != nil {
		return err
	}
	admin, adminURL, err := freeAddr()
	if err != nil {
		return err
	}
	database, err := s.login(ctx, "tokenstate_console")
	if err != nil {
		return err
	}
	s.Env.ConsoleURL = url
	err = s.startProgram(ctx, program{
		name: "authapi", part: "console", command: "console", pid: new(int), admin: adminURL,
		env: []string{
			"CONSOLE_ADDR=" + pages, "CONSOLE_ADMIN_ADDR=" + admin, "CONSOLE_LOGIN=none", "DATABASE_URL=" + database,
			"CONSOLE_AUTHAPI_URL=" + s.Env.AuthapiURL, "CONSOLE_SERVICE_KEY=" + s.Env.AuthapiServiceKey, "CONSOLE_REALM=" + s.Env.KeycloakRealm,
			"CONSOLE_SCRAPE=" + s.Env.WorkerAdminURL + "," + s.Env.AuthapiAdminURL,
		},
	})
	if err == nil {
		s.say("the console is at %s", url)
	}
	return err
}
