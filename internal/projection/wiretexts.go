package projection

import "github.com/google/uuid"

// The ways in which a text stands there, before those that say how long ago it stood there last.
const (
	textEmpty = iota
	textUUID  // 16 bytes instead of 36
	textItself
	textWays
)

func (w *wire) text(texts ...*string) {
	for _, t := range texts {
		if w.out != nil {
			w.write(*t)
		} else {
			*t = w.read()
		}
	}
}

func (w *wire) write(t string) {
	if t == "" {
		w.uint(textEmpty)
		return
	}
	if at, again := w.stood[t]; again {
		w.uint(uint64(textWays + w.texts - at - 1))
		return
	}
	if id, err := uuid.Parse(t); err == nil && id.String() == t {
		w.uint(textUUID)
		w.raw(id[:])
	} else {
		w.uint(textItself)
		w.uint(uint64(len(t)))
		w.raw([]byte(t))
	}
	delete(w.stood, w.last[w.texts%wireTexts])
	w.stood[t] = w.texts
	w.keep(t)
}

func (w *wire) read() (t string) {
	switch way := w.uint(0); way {
	case textEmpty:
		return ""
	case textUUID:
		w.raw(w.ink[:len(uuid.UUID{})])
		t = uuid.UUID(w.ink[:len(uuid.UUID{})]).String()
	case textItself:
		t = w.itself(w.uint(0))
	default:
		return w.again(way - textWays)
	}
	if w.err == nil {
		w.keep(t)
	}
	return t
}

// itself is a text of so many bytes.
func (w *wire) itself(n uint64) string {
	if n > maxText {
		w.fail(errKept)
		return ""
	}
	if uint64(len(w.ink)) < n {
		w.ink = make([]byte, n)
	}
	w.raw(w.ink[:n])
	return string(w.ink[:n])
}

// again is the text that so many others have followed.
func (w *wire) again(others uint64) string {
	if others >= min(uint64(w.texts), wireTexts) {
		w.fail(errKept)
		return ""
	}
	return w.last[(w.texts-1-int(others))%wireTexts]
}

func (w *wire) keep(t string) {
	w.last[w.texts%wireTexts] = t
	w.texts++
}
