package testenv

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/tokenstate/tokenstate/internal/devstack"
)

// Directory is a real slapd on a loopback port, with its data in a folder that goes with the test.
type Directory struct {
	dir, addr string
	cmd       *exec.Cmd
}

// BaseDN is the root of a Directory.
const BaseDN = "dc=example,dc=org"

const (
	managerDN    = "cn=manager," + BaseDN
	managersWord = "manager-word-1"
)

var slapdTools = []string{"/usr/sbin/slapd", "/usr/sbin/slapadd", "/usr/bin/ldapadd"}

// NoDirectory says why there can be no Directory on this machine; "" if there can.
func NoDirectory() string {
	for _, tool := range slapdTools {
		if _, err := os.Stat(tool); err != nil {
			return tool + " is missing: install it (Debian: apt-get install slapd ldap-utils; the service that it brings is not needed)"
		}
	}
	return ""
}

const slapdConf = `include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
modulepath /usr/lib/ldap
moduleload back_mdb
pidfile DIR/pid
database mdb
maxsize 104857600
suffix "` + BaseDN + `"
rootdn "` + managerDN + `"
rootpw ` + managersWord + `
directory DIR/data
index objectClass,uid,entryUUID eq
`

// NewDirectory starts one; a machine without slapd fails the test.
func NewDirectory(t *testing.T) *Directory {
	t.Helper()
	if why := NoDirectory(); why != "" {
		t.Fatal(why)
	}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	addr, err := devstack.FreeAddr()
	must(err)
	d := &Directory{dir: t.TempDir(), addr: addr}
	must(os.Mkdir(filepath.Join(d.dir, "data"), 0o700))
	must(os.WriteFile(d.conf(), []byte(strings.ReplaceAll(slapdConf, "DIR", d.dir)), 0o600))
	must(d.tool(t.Context(), "/usr/sbin/slapadd", "dn: "+BaseDN+"\nobjectClass: dcObject\nobjectClass: organization\ndc: example\no: example\n", "-f", d.conf()))
	must(d.Start(t.Context()))
	t.Cleanup(d.Stop)
	return d
}

func (d *Directory) conf() string { return filepath.Join(d.dir, "slapd.conf") }

// URL is where it is reached.
func (d *Directory) URL() string { return "ldap://" + d.addr }

// Start starts it in the foreground, as our child, and waits until it takes connections.
func (d *Directory) Start(ctx context.Context) error {
	d.cmd = exec.Command("/usr/sbin/slapd", "-f", d.conf(), "-h", d.URL()+"/", "-d", "0") //nolint:gosec,noctx // the test's own; Stop ends it
	d.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := d.cmd.Start(); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	var conn net.Conn
	var err error
	if !again(ctx, func() bool { conn, err = (&net.Dialer{}).DialContext(ctx, "tcp", d.addr); return err == nil }) {
		return fmt.Errorf("slapd does not listen: %w", err)
	}
	return conn.Close()
}

// Stop ends it in good order. It may be called twice.
func (d *Directory) Stop() {
	if d.cmd == nil {
		return
	}
	_ = d.cmd.Process.Signal(syscall.SIGTERM)
	_ = d.cmd.Wait()
	d.cmd = nil
}

// Add gives an entry to one more person in dn.
func (d *Directory) Add(ctx context.Context, dn, uid, password string) error {
	return d.asManager(ctx, "ldapadd", person(dn, uid, password))
}

func person(dn, uid, password string) string {
	return fmt.Sprintf("dn: uid=%s,%s\nobjectClass: inetOrgPerson\nuid: %[1]s\ncn: %[1]s\nsn: Person\ngivenName: One\nmail: %[1]s@example.org\nuserPassword: %[3]s\n\n", uid, dn, password)
}

// People makes ou=NAME with n people in it, whose names begin with NAME and who have this password.
func (d *Directory) People(ctx context.Context, name string, n int, password string) (dn string, uids []string, err error) {
	dn = "ou=" + name + "," + BaseDN
	var ldif strings.Builder
	fmt.Fprintf(&ldif, "dn: %s\nobjectClass: organizationalUnit\nou: %s\n\n", dn, name)
	for i := range n {
		uid := fmt.Sprintf("%s-%d", name, i)
		ldif.WriteString(person(dn, uid, password))
		uids = append(uids, uid)
	}
	return dn, uids, d.asManager(ctx, "ldapadd", ldif.String())
}

// Remove takes a person's entry away.
func (d *Directory) Remove(ctx context.Context, dn, uid string) error {
	return d.asManager(ctx, "ldapdelete", "uid="+uid+","+dn+"\n")
}

func (d *Directory) asManager(ctx context.Context, tool, input string) error {
	return d.tool(ctx, tool, input, "-x", "-H", d.URL(), "-D", managerDN, "-w", managersWord)
}

func (d *Directory) tool(ctx context.Context, name, input string, args ...string) error {
	cmd := exec.CommandContext(ctx, name, args...) //nolint:gosec // ldapadd and its like, named here
	cmd.Stdin = strings.NewReader(input)
	var says bytes.Buffer
	cmd.Stdout, cmd.Stderr = &says, &says
	if err := cmd.Run(); err != nil {
		return errors.Join(fmt.Errorf("%s: %w: %.400s", filepath.Base(name), err, says.String()))
	}
	return nil
}

// Store is the user store of Keycloak that reads people from dn, as a component of the realm with this id.
func (d *Directory) Store(name, realmID, dn string, imports bool) map[string]any {
	config := map[string][]string{}
	for k, v := range map[string]string{
		"enabled": "true", "priority": "0", "vendor": "other", "connectionUrl": d.URL(), "usersDn": dn,
		"authType": "simple", "bindDn": managerDN, "bindCredential": managersWord, "editMode": "READ_ONLY",
		"usernameLDAPAttribute": "uid", "rdnLDAPAttribute": "uid", "uuidLDAPAttribute": "entryUUID", "userObjectClasses": "inetOrgPerson",
		"importEnabled": strconv.FormatBool(imports), "connectionTimeout": "2000", "readTimeout": "2000", "searchScope": "1",
	} {
		config[k] = []string{v}
	}
	return map[string]any{
		"name": name, "providerId": "ldap", "providerType": "org.keycloak.storage.UserStorageProvider", "parentId": realmID, "config": config,
	}
}
