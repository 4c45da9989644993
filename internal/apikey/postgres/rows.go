package postgres

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/tokenstate/tokenstate/internal/apikey"
	"github.com/tokenstate/tokenstate/internal/dbsqlc"
	"github.com/tokenstate/tokenstate/internal/events"
	state "github.com/tokenstate/tokenstate/internal/tokenstate/postgres"
)

// ServiceKey is a backend's credential. Orgs limits it to some organizations; none means all.
type ServiceKey struct {
	Name     string     `json:"Name"`
	Realm    string     `json:"Realm"`
	Digest   apikey.Sum `json:"Digest"`
	PepperID string     `json:"PepperID"`
	Scopes   []string   `json:"Scopes"`
	Orgs     []string   `json:"Orgs"`
}

// EachKey shows all keys, within a snapshot's transaction.
func EachKey(ctx context.Context, r *state.Reader, take func(apikey.Record)) error {
	var k dbsqlc.TokenstateApiKey
	return r.Each(ctx, "api_key", []state.Column{
		{Name: "id", To: &k.ID},
		{Name: "realm", To: &k.Realm},
		{Name: "user_id", To: &k.UserID},
		{Name: "org_id", To: &k.OrgID},
		{Name: "name", To: &k.Name},
		{Name: "kind", To: &k.Kind},
		{Name: "generation", To: &k.Generation},
		{Name: "created_at", To: &k.CreatedAt},
		{Name: "expires_at", To: &k.ExpiresAt},
		{Name: "not_before", To: &k.NotBefore},
		{Name: "revoked_at", To: &k.RevokedAt},
		{Name: "revoked_by", To: &k.RevokedBy},
		{Name: "digest", To: &k.Digest},
		{Name: "pepper_id", To: &k.PepperID},
		{Name: "scopes", To: &k.Scopes},
	}, func() error {
		rec, err := record(k)
		if err == nil {
			take(rec)
		}
		return err
	})
}

// EachServiceKey shows all credentials, within a snapshot's transaction.
func EachServiceKey(ctx context.Context, r *state.Reader, take func(ServiceKey)) error {
	all, err := serviceKeys(ctx, r.Tx())
	for _, k := range all {
		take(k)
	}
	return err
}

// ServiceKeys reads all credentials.
func (s *Store) ServiceKeys(ctx context.Context) ([]ServiceKey, error) {
	return serviceKeys(ctx, s.pool)
}

func serviceKeys(ctx context.Context, db dbsqlc.DBTX) (services []ServiceKey, err error) {
	creds, err := q.AllServiceKeys(ctx, db)
	if err != nil {
		return nil, fmt.Errorf("read service credentials: %w", err)
	}
	for _, row := range creds {
		k, err := serviceKey(row)
		if err != nil {
			return nil, err
		}
		services = append(services, k)
	}
	return services, nil
}

func serviceKey(row dbsqlc.TokenstateServiceKey) (ServiceKey, error) {
	sum, err := sumOf(row.Digest)
	return ServiceKey{row.Name, row.Realm, sum, row.PepperID, row.Scopes, row.Orgs}, err
}

// ErrNameTaken says that there is a service credential of this name.
var ErrNameTaken = errors.New("there is a service credential of this name: take another one, or end that one first with authapi service-keys remove")

// PutServiceKey adds a credential; its name must be new: ErrNameTaken.
func (s *Store) PutServiceKey(ctx context.Context, k ServiceKey) error {
	_, err := state.Write(ctx, s.pool, func(tx pgx.Tx) ([]state.Name, error) {
		if k.Orgs == nil {
			k.Orgs = []string{}
		}
		err := q.PutServiceKey(ctx, tx, dbsqlc.PutServiceKeyParams{
			Name: k.Name, Realm: k.Realm, Digest: k.Digest[:], PepperID: k.PepperID, Scopes: k.Scopes, Orgs: k.Orgs,
		})
		if violates(err, "service_key_pkey") {
			return nil, ErrNameTaken
		}
		return []state.Name{{Kind: KindServiceKey, Key: k.Name}}, err
	})
	if err != nil {
		return fmt.Errorf("store service credential: %w", err)
	}
	return nil
}

// DeleteServiceKey ends a credential.
func (s *Store) DeleteServiceKey(ctx context.Context, name string) (found bool, err error) {
	_, err = state.Write(ctx, s.pool, func(tx pgx.Tx) ([]state.Name, error) {
		n, err := q.DeleteServiceKey(ctx, tx, name)
		if found = n > 0; !found {
			return nil, err
		}
		return []state.Name{{Kind: KindServiceKey, Key: name}}, err
	})
	if err != nil {
		return false, fmt.Errorf("delete service credential: %w", err)
	}
	return found, nil
}

func record(r dbsqlc.TokenstateApiKey) (apikey.Record, error) {
	sum, err := sumOf(r.Digest)
	if err != nil {
		return apikey.Record{}, err
	}
	rec := apikey.Record{
		ID: r.ID, Realm: r.Realm, User: r.UserID, Name: r.Name, Kind: apikey.Kind(r.Kind), Generation: uint64(r.Generation),
		Created: events.Seconds(r.CreatedAt.Unix()), Expires: secondsOf(r.ExpiresAt), NotBefore: secondsOf(r.NotBefore),
		RevokedAt: secondsOf(r.RevokedAt), Digest: sum, PepperID: r.PepperID, Scopes: apikey.Scopes(r.Scopes),
	}
	if r.OrgID != nil {
		rec.Org = *r.OrgID
	}
	if r.RevokedBy != nil {
		rec.RevokedBy = *r.RevokedBy
	}
	return rec, nil
}

func sumOf(digest []byte) (apikey.Sum, error) {
	if len(digest) != len(apikey.Sum{}) {
		return apikey.Sum{}, fmt.Errorf("a digest of %d bytes in the database, want %d", len(digest), len(apikey.Sum{}))
	}
	return apikey.Sum(digest), nil
}

func secondsOf(t *time.Time) events.Seconds {
	if t == nil {
		return 0
	}
	return events.Seconds(t.Unix())
}
