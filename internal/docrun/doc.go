// Package docrun plays the commands that stand in documents against a running stack, and holds the answers that stand
// below them to those that really come.
//
// A block of a Markdown file that is fenced as ```sh is run by one shell a document, exactly as it is written. If a
// block fenced as ```http follows, it is the answer to the block's one call of authapi, in a form in which two runs
// give the same: ids, times, keys and tokens are replaced by examples (see examples.go). ```http shape holds an answer
// to its members only, and to none within lists, for stories that no two runs tell alike; ```text is what a
// command prints, in the same form.
package docrun
