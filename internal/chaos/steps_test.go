//go:build chaos

package chaos

import (
	"bytes"
	"encoding/binary"
	"net"
	"strings"
	"sync"
)

// steps reads what a program says to Postgres, message by message, and stops it in the middle of a transaction.
type steps struct {
	mu     sync.Mutex
	at     int         // stop at this statement of a transaction that writes; 0: not
	half   bool        // when a half of it has passed; else when all has
	stop   func()      // stops the program or its way
	done   chan string // says where it was stopped
	within *frontend   // whose transaction is counted
	n      int         // its statements so far
}

// arm has the next transaction stopped at its n-th statement.
func (s *steps) arm(n int, half bool, stop func()) (stopped <-chan string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.at, s.half, s.stop, s.done, s.within, s.n = n, half, stop, make(chan string, 1), nil, 0
	return s.done
}

func (s *steps) disarm() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.at = 0
}

// frontend is one connection's side of the program.
type frontend struct {
	steps *steps
	way   *link
	rest  []byte
	begun bool              // the first message has no type
	named map[string]string // prepared statements
	bound string            // what the next Execute executes
}

// pass forwards what has come, whole messages one by one, so that each can be the last.
func (f *frontend) pass(b []byte, to net.Conn) error {
	f.rest = append(f.rest, b...)
	for {
		head := 5
		if !f.begun {
			head = 4
		}
		if len(f.rest) < head {
			return nil
		}
		size := head - 4 + int(binary.BigEndian.Uint32(f.rest[head-4:]))
		if len(f.rest) < size {
			return nil
		}
		m := bytes.Clone(f.rest[:size])
		f.rest = f.rest[size:]
		what := ""
		if f.begun {
			what = f.read(m[0], m[5:])
		}
		f.begun = true
		if err := f.write(what, m, to); err != nil {
			return err
		}
	}
}

// write forwards a message. Where it is the one to stop at, half of it or all passes before.
func (f *frontend) write(what string, m []byte, to net.Conn) error {
	at, stop := f.steps.reached(f, what)
	if !at {
		_, err := to.Write(m)
		return err
	}
	if f.steps.half {
		if _, err := to.Write(m[:len(m)/2]); err != nil {
			return err
		}
		m = m[len(m)/2:]
		stop()
		// The other half is what the program has sent and the network has not delivered.
		return f.later(m, to)
	}
	_, err := to.Write(m)
	stop()
	return err
}

func (f *frontend) later(m []byte, to net.Conn) error {
	f.way.wait()
	_, err := to.Write(m)
	return err
}

// read is the statement that a message has executed; "" for what executes none.
func (f *frontend) read(kind byte, body []byte) string {
	first, rest, _ := bytes.Cut(body, []byte{0})
	second, _, _ := bytes.Cut(rest, []byte{0})
	switch kind {
	case 'Q':
		return string(first)
	case 'P':
		f.named[string(first)] = string(second)
	case 'B':
		f.bound = f.named[string(second)]
		if f.steps.half {
			return f.bound // the arguments are what is long
		}
	case 'S':
		if was := f.bound; was != "" && !f.steps.half {
			f.bound = ""
			return was
		}
	}
	return ""
}

// reached counts statements within the first transaction that begins.
func (s *steps) reached(f *frontend, what string) (at bool, stop func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.at == 0 || what == "" {
		return false, nil
	}
	text := strings.ToLower(strings.TrimSpace(what))
	switch {
	case strings.HasPrefix(text, "begin") && !strings.Contains(text, "read only"): // those hold no lock
		s.within, s.n = f, 0
	case s.within != f:
		return false, nil
	}
	if s.n++; s.n != s.at {
		if strings.HasPrefix(text, "commit") || strings.HasPrefix(text, "rollback") {
			s.within = nil
		}
		return false, nil
	}
	s.at = 0
	s.done <- short(what)
	return true, s.stop
}

func short(sql string) string {
	var lines []string
	for line := range strings.Lines(sql) {
		if !strings.HasPrefix(line, "--") {
			lines = append(lines, strings.Fields(line)...)
		}
	}
	text := strings.Join(lines, " ")
	return text[:min(len(text), 60)]
}
