package keys

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/tokenstate/tokenstate/internal/apikey"
	"github.com/tokenstate/tokenstate/internal/authapi/gate"
	"github.com/tokenstate/tokenstate/internal/authapi/problem"
	"github.com/tokenstate/tokenstate/internal/authapi/web"
)

type memberInput struct {
	gate.Waiting
	OrgID  string `path:"org_id" minLength:"1" maxLength:"255"`
	UserID string `path:"user_id" minLength:"1" maxLength:"255"`
}

type memberAnswer struct {
	Status int
	Body   struct {
		OrgID   string `json:"org_id"`
		UserID  string `json:"user_id"`
		Member  bool   `json:"member"`
		Applied bool   `json:"applied"`
		Version int64  `json:"version"`
	}
}

func (s *Service) members(api huma.API) {
	const path = "/v1/orgs/{org_id}/members/{user_id}"
	put := web.Operation(http.MethodPut, path, "Make a user a member of an organization", web.SmallBody)
	put.Middlewares = s.Door.ForService(gate.ScopeKeys)
	huma.Register(api, put, s.putMember)
	del := web.Operation(http.MethodDelete, path, "End a membership; the organization's keys of that user stop", web.SmallBody)
	del.Middlewares = s.Door.ForService(gate.ScopeKeys)
	huma.Register(api, del, s.deleteMember)
}

func (s *Service) putMember(ctx context.Context, in *memberInput) (*memberAnswer, error) {
	caller := web.ServiceOf(ctx)
	if bad := gate.CheckOrganization(caller, in.OrgID); bad != nil {
		return nil, bad
	}
	if !gate.Plain(in.OrgID) || !gate.Plain(in.UserID) {
		return nil, problem.Unprocessable("invalid-request", "ids are printable, without control characters")
	}
	version, err := s.Members.PutMember(ctx, apikey.Member{Realm: caller.Realm, Org: apikey.Organization(in.OrgID), User: in.UserID})
	if err != nil {
		return nil, s.Gate.StoreFault(ctx, err)
	}
	return s.memberAnswer(ctx, in, true, version), nil
}

func (s *Service) deleteMember(ctx context.Context, in *memberInput) (*memberAnswer, error) {
	caller := web.ServiceOf(ctx)
	if bad := gate.CheckOrganization(caller, in.OrgID); bad != nil {
		return nil, bad
	}
	version, err := s.Members.DeleteMember(ctx, apikey.Member{Realm: caller.Realm, Org: apikey.Organization(in.OrgID), User: in.UserID})
	switch {
	case err != nil:
		return nil, s.Gate.StoreFault(ctx, err)
	case version == 0:
		return nil, problem.New(http.StatusNotFound, "no-such-member", "", "the user is no member of that organization")
	}
	return s.memberAnswer(ctx, in, false, version), nil
}

func (s *Service) memberAnswer(ctx context.Context, in *memberInput, member bool, version int64) *memberAnswer {
	a := &memberAnswer{}
	a.Body.OrgID, a.Body.UserID, a.Body.Member, a.Body.Version = in.OrgID, in.UserID, member, version
	a.Body.Applied, a.Status = s.Gate.Enforced(ctx, in.Waiting, version)
	return a
}
