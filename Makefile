# tokenstate: run `make help`.
SHELL := /bin/bash
.DEFAULT_GOAL := help

DEVSTACK := .dev/bin/devstack
LISTENER := keycloak-listener/target/tokenstate-keycloak-listener.jar
LISTENER_SOURCES := keycloak-listener/pom.xml $(shell find keycloak-listener/src/main -type f 2>/dev/null)
GOLANGCI := go tool -modfile=tools/golangci-lint/go.mod golangci-lint
SQLC := CGO_ENABLED=0 go tool -modfile=tools/sqlc/go.mod sqlc
GO_BUILD := go build -trimpath -buildvcs=false

.PHONY: help demo up down test truth chaos sweep-scale lint generate verify listener devstack

help: ## say what can be made
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sort | sed -E 's/:.*## /\t/' | expand -t 12

demo: devstack $(LISTENER) ## play the README's story on the whole system, then stop it
	$(DEVSTACK) demo

up: devstack $(LISTENER) ## start the whole system in the background; .dev/env says where
	$(DEVSTACK) up

down: devstack ## stop what `make up` started
	$(DEVSTACK) down

test: devstack $(LISTENER) ## every test, on a real Postgres, NATS and Keycloak
	mvn -q -B -f keycloak-listener/pom.xml test
	$(DEVSTACK) run --services -- go test -race ./...

truth: devstack $(LISTENER) ## tokenstate's verdicts against Keycloak's own answers (TRUTH_ACTIONS TRUTH_SEED KEYCLOAK_VERSION)
	$(DEVSTACK) truth

CHAOS_CYCLES ?= 3
chaos: devstack $(LISTENER) ## kill -9 each process again and again while people act (CHAOS_CYCLES CHAOS_SEED)
	CHAOS_CYCLES=$(CHAOS_CYCLES) go test -count=1 -v -timeout=120m -tags=truth -run TestKillsLoseNothing ./internal/truth/

SWEEP_SESSIONS ?= 100000
sweep-scale: devstack $(LISTENER) ## sweep so many offline sessions of a Keycloak on Postgres; requests, time and false verdicts (SWEEP_SESSIONS)
	SWEEP_SESSIONS=$(SWEEP_SESSIONS) go test -count=1 -v -timeout=90m -tags=truth -run TestSweepAtScale ./internal/truth/

lint: ## golangci-lint, built from its own module (two minutes the first time)
	$(GOLANGCI) run ./...

generate: ## write the generated code again: sqlc's
	$(SQLC) generate

verify: ## modules are as in go.sum, generated code is current, code is formatted, documented commands exist
	go mod verify
	@if test -f sqlc.yaml; then echo '$(SQLC) diff' && $(SQLC) diff; fi
	$(GOLANGCI) fmt --diff
	@tools/documented-targets

listener: $(LISTENER) ## the jar for Keycloak's providers folder

# Its own tests run in `make test`; package leaves the tests' classes out of the jar.
$(LISTENER): $(LISTENER_SOURCES)
	mvn -q -B -f keycloak-listener/pom.xml package -DskipTests

# Always asked: go build knows best whether anything changed.
devstack:
	@mkdir -p .dev/bin
	@$(GO_BUILD) -o $(DEVSTACK) ./cmd/devstack
