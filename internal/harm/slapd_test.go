//go:build harm

package harm

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/tokenstate/tokenstate/internal/devstack"
	"github.com/tokenstate/tokenstate/internal/play"
)

// slapd is a real directory on a loopback port, with its data in a folder that goes with the test.
type slapd struct {
	dir, addr string
	cmd       *exec.Cmd
}

const (
	baseDN       = "dc=example,dc=org"
	managerDN    = "cn=manager," + baseDN
	managersWord = "manager-word-1"
)

const slapdConf = `include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
modulepath /usr/lib/ldap
moduleload back_mdb
pidfile DIR/pid
database mdb
maxsize 104857600
suffix "` + baseDN + `"
rootdn "` + managerDN + `"
rootpw ` + managersWord + `
directory DIR/data
index objectClass,uid,entryUUID eq
`

// newSlapd starts one with the folder ou=people below each of these.
func newSlapd(t *testing.T) *slapd {
	t.Helper()
	for _, tool := range []string{"/usr/sbin/slapd", "/usr/sbin/slapadd"} {
		if _, err := os.Stat(tool); err != nil {
			t.Fatalf("%s is missing: install it (Debian: apt-get install slapd ldap-utils; the service that it brings is not needed)", tool)
		}
	}
	addr, err := devstack.FreeAddr()
	must(t, err)
	d := &slapd{dir: t.TempDir(), addr: addr}
	must(t, os.Mkdir(filepath.Join(d.dir, "data"), 0o700))
	must(t, os.WriteFile(d.conf(), []byte(strings.ReplaceAll(slapdConf, "DIR", d.dir)), 0o600))
	must(t, d.tool(t.Context(), "/usr/sbin/slapadd", "dn: "+baseDN+"\nobjectClass: dcObject\nobjectClass: organization\ndc: example\no: example\n", "-f", d.conf()))
	must(t, d.start(t.Context()))
	t.Cleanup(d.stop)
	return d
}

func (d *slapd) conf() string { return filepath.Join(d.dir, "slapd.conf") }
func (d *slapd) url() string  { return "ldap://" + d.addr }

// start starts it in the foreground, as our child, and waits until it takes connections.
func (d *slapd) start(ctx context.Context) error {
	d.cmd = exec.Command("/usr/sbin/slapd", "-f", d.conf(), "-h", d.url()+"/", "-d", "0")
	d.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := d.cmd.Start(); err != nil {
		return err
	}
	for end := time.Now().Add(20 * time.Second); ; play.Pause(ctx, 50*time.Millisecond) {
		conn, err := net.Dial("tcp", d.addr)
		if err == nil {
			return conn.Close()
		}
		if time.Now().After(end) {
			return fmt.Errorf("slapd does not listen: %w", err)
		}
	}
}

// stop ends it in good order. It may be called twice.
func (d *slapd) stop() {
	if d.cmd == nil {
		return
	}
	_ = d.cmd.Process.Signal(syscall.SIGTERM)
	_ = d.cmd.Wait()
	d.cmd = nil
}

// people makes ou=NAME with n people in it, whose names begin with NAME.
func (d *slapd) people(ctx context.Context, name string, n int) (dn string, uids []string, err error) {
	dn = "ou=" + name + "," + baseDN
	var ldif strings.Builder
	fmt.Fprintf(&ldif, "dn: %s\nobjectClass: organizationalUnit\nou: %s\n\n", dn, name)
	for i := range n {
		uid := fmt.Sprintf("%s-%d", name, i)
		fmt.Fprintf(&ldif, "dn: uid=%s,%s\nobjectClass: inetOrgPerson\nuid: %[1]s\ncn: %[1]s\nsn: Person\ngivenName: One\nmail: %[1]s@example.org\nuserPassword: %[3]s\n\n", uid, dn, play.Password)
		uids = append(uids, uid)
	}
	return dn, uids, d.asManager(ctx, "ldapadd", ldif.String())
}

// remove takes a person's entry away.
func (d *slapd) remove(ctx context.Context, dn, uid string) error {
	return d.asManager(ctx, "ldapdelete", "uid="+uid+","+dn+"\n")
}

func (d *slapd) asManager(ctx context.Context, tool, input string) error {
	return d.tool(ctx, tool, input, "-x", "-H", d.url(), "-D", managerDN, "-w", managersWord)
}

func (d *slapd) tool(ctx context.Context, name, input string, args ...string) error {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Stdin = strings.NewReader(input)
	var says bytes.Buffer
	cmd.Stdout, cmd.Stderr = &says, &says
	if err := cmd.Run(); err != nil {
		return errors.Join(fmt.Errorf("%s: %w: %.400s", filepath.Base(name), err, says.String()))
	}
	return nil
}
