-- name: TakeLease :execrows
-- One that lies further ahead than any lease is given for comes of a clock that was set back since.
INSERT INTO tokenstate.lease AS l (holder, name, until)
VALUES (@holder, @name, clock_timestamp() + make_interval(secs => @term_s::float8))
ON CONFLICT (one) DO UPDATE SET holder = excluded.holder, name = excluded.name, until = excluded.until
WHERE l.until < clock_timestamp() OR l.until > excluded.until OR l.holder = excluded.holder;

-- name: RenewLease :execrows
UPDATE tokenstate.lease SET until = clock_timestamp() + make_interval(secs => @term_s::float8) WHERE holder = @holder;

-- name: LeaveLease :exec
UPDATE tokenstate.lease SET until = '-infinity' WHERE holder = @holder;

-- name: LeaseHolder :one
SELECT name FROM tokenstate.lease;
