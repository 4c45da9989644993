// Package dbsqlc is what sqlc writes from db/queries, this comment excepted: change the queries
// and run `make generate`.
package dbsqlc
