-- name: LockActHead :one
SELECT n, hash FROM tokenstate.act_head FOR UPDATE;

-- name: AddActs :copyfrom
INSERT INTO tokenstate.act (n, at_ms, realm, actor, action, target, status, times, request, hash)
VALUES (@n, @at_ms, @realm, @actor, @action, @target, @status, @times, @request, @hash);

-- name: SetActHead :exec
UPDATE tokenstate.act_head SET n = @n, hash = @hash;

-- name: ActHead :one
SELECT n, hash FROM tokenstate.act_head;

-- name: ActsAfter :many
SELECT * FROM tokenstate.act WHERE n > @after ORDER BY n LIMIT @most;
