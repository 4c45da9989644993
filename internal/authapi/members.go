package authapi

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/tokenstate/tokenstate/internal/apikey"
)

type memberInput struct {
	Waiting
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

func (s *Server) members(api huma.API) {
	const path = "/v1/orgs/{org_id}/members/{user_id}"
	put := operation(http.MethodPut, path, "Make a user a member of an organization", maxSmallBody)
	put.Middlewares = s.forService(ScopeKeys)
	huma.Register(api, put, s.putMember)
	del := operation(http.MethodDelete, path, "End a membership; the organization's keys of that user stop", maxSmallBody)
	del.Middlewares = s.forService(ScopeKeys)
	huma.Register(api, del, s.deleteMember)
}

func (s *Server) putMember(ctx context.Context, in *memberInput) (*memberAnswer, error) {
	caller := serviceOf(ctx)
	if bad := mayTouch(caller, in.OrgID); bad != nil {
		return nil, bad
	}
	if !plain(in.OrgID) || !plain(in.UserID) {
		return nil, unprocessable("invalid-request", "ids are printable, without control characters")
	}
	version, err := s.Members.PutMember(ctx, apikey.Member{Realm: caller.Realm, Org: in.OrgID, User: in.UserID})
	if err != nil {
		return nil, s.storeFault(ctx, err)
	}
	return s.memberAnswer(ctx, in, true, version), nil
}

func (s *Server) deleteMember(ctx context.Context, in *memberInput) (*memberAnswer, error) {
	caller := serviceOf(ctx)
	if bad := mayTouch(caller, in.OrgID); bad != nil {
		return nil, bad
	}
	version, err := s.Members.DeleteMember(ctx, apikey.Member{Realm: caller.Realm, Org: in.OrgID, User: in.UserID})
	switch {
	case err != nil:
		return nil, s.storeFault(ctx, err)
	case version == 0:
		return nil, problem(http.StatusNotFound, "no-such-member", "", "the user is no member of that organization")
	}
	return s.memberAnswer(ctx, in, false, version), nil
}

func (s *Server) memberAnswer(ctx context.Context, in *memberInput, member bool, version int64) *memberAnswer {
	a := &memberAnswer{}
	a.Body.OrgID, a.Body.UserID, a.Body.Member, a.Body.Version = in.OrgID, in.UserID, member, version
	a.Body.Applied, a.Status = s.enforced(ctx, in.Waiting, version)
	return a
}

// isMember: a key without an organization needs no membership.
func (s *Server) isMember(rec apikey.Record) bool {
	return !s.CheckMembers || rec.Org == "" || s.Known.Member(apikey.Member{Realm: rec.Realm, Org: rec.Org, User: rec.User})
}
