module github.com/tokenstate/tokenstate/tools/shape

go 1.26
