# The programs, and the NATS server of go.mod's version, each alone in an image.
FROM golang:1.26 AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
RUN for p in revocation-worker authapi devstack; do CGO_ENABLED=0 go build -trimpath -buildvcs=false -o /out/$p ./cmd/$p; done

# Folders of the user's own, for volumes to begin with.
RUN mkdir /empty

FROM scratch AS base
COPY --from=build --chown=65532:65532 /empty /data
COPY --from=build --chown=65532:65532 /empty /secrets
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
USER 65532

FROM base AS worker
COPY --from=build /out/revocation-worker /
ENTRYPOINT ["/revocation-worker"]

FROM base AS authapi
COPY --from=build /out/authapi /
ENTRYPOINT ["/authapi"]

FROM base AS devstack
COPY --from=build /out/devstack /
ENTRYPOINT ["/devstack"]

FROM devstack AS nats
CMD ["nats-server", "/etc/nats.conf"]
